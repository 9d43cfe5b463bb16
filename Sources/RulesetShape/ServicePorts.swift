package import Addressing
package import Nftables

/// A flow on one side of a host by a service that has several ports, which the counters of its rules do not tell apart.
package struct FlowPorts: Hashable, Sendable {
  package let flow: String
  package let side: Side
  package let service: String
  /// Those that it may be asked for at, of protocols that have several.
  package let allowed: [IPProtocol: PortSet]
  /// Those of them that sessions were seen at.
  package var seen: [IPProtocol: Set<UInt16>]

  package init(
    flow: String, side: Side, service: String, allowed: [IPProtocol: PortSet],
    seen: [IPProtocol: Set<UInt16>] = [:]
  ) {
    (self.flow, self.side, self.service) = (flow, side, service)
    (self.allowed, self.seen) = (allowed, seen)
  }
}

extension Table {
  /// All such flows with no port seen, by the chains that their rules stand in.
  package var flowPorts: [ChainName: [FlowPorts]] {
    let ports = servicePorts
    var found: [ChainName: [FlowPorts]] = [:]
    for chain in chains {
      guard case .requests(let side, let service)? = ChainMeaning(chain.name), let own = ports[chain.name]
      else { continue }
      let wide = own.filter { $0.value.count > 1 }
      if wide.isEmpty { continue }
      found[chain.name] = Set(chain.rules.compactMap(\.acceptedFlow)).sorted().map {
        FlowPorts(flow: $0, side: side, service: service, allowed: wide)
      }
    }
    return found
  }

  /// Which ports lead to which chain of a service.
  private var servicePorts: [ChainName: [IPProtocol: PortSet]] {
    var ranges: [ChainName: [IPProtocol: [ClosedRange<UInt16>]]] = [:]
    for set in sets {
      guard let meaning = SetMeaning(set.name), case .verdicts(let verdicts) = set.elements.payload else {
        continue
      }
      for (index, verdict) in verdicts.enumerated() {
        guard case .jump(let target) = verdict else { continue }
        let (key, ipProtocol): (ArraySlice<UInt8>, IPProtocol)
        switch meaning {
        // Each field of a concatenation is padded to four bytes.
        case .ports where set.elements.keyLength == 8:
          let whole = set.elements.key(index)
          (key, ipProtocol) = (whole.dropFirst(4), IPProtocol(rawValue: whole.first ?? 0))
        case .ranges(_, let own) where set.elements.keyLength == 2:
          (key, ipProtocol) = (set.elements.key(index), own)
        default: continue
        }
        let first = key.prefix(2).reduce(0) { $0 << 8 | UInt16($1) }
        let last = set.elements.lastKeys.map {
          $0[(2 * index)..<(2 * index + 2)].reduce(0) { $0 << 8 | UInt16($1) }
        }
        guard first <= last ?? first else { continue }
        for service in services(behind: target) {
          ranges[service, default: [:]][ipProtocol, default: []].append(first...(last ?? first))
        }
      }
    }
    return ranges.mapValues { $0.mapValues { PortSet($0) } }
  }

  /// Several services that claim one port stand behind a chain that jumps to each.
  private func services(behind target: ChainName) -> [ChainName] {
    guard case .shared? = ChainMeaning(target) else { return [target] }
    return chain(target)?.rules.compactMap { rule in
      if case .verdict(.jump(let service))? = rule.expressions.last { service } else { nil }
    } ?? []
  }
}

extension PortSet {
  /// How many ports it has.
  fileprivate var count: Int { ranges.reduce(0) { $0 + $1.count } }
}
