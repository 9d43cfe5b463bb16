internal import Addressing
internal import ConnectionSpace

extension ConnectionLine {
  private struct Ends: Hashable {
    let from: String
    let fromHosts: [String]
    let to: String
    let toHosts: [String]
    let flow: String?
    let service: String?
    let scope: LineScope
    let isExact: Bool
    let isInPart: Bool

    init(_ line: ConnectionLine) {
      (from, fromHosts) = (line.from.name, line.from.hosts)
      (to, toHosts) = (line.to.name, line.to.hosts)
      (flow, service, scope, isExact) = (line.flow, line.service, line.scope, line.exceptions.isEmpty)
      isInPart = line.isInPart
    }
  }

  /// One line for what differs in family or protocol alone.
  static func merged(_ lines: [ConnectionLine]) -> [ConnectionLine] {
    let families = joined(lines, by: { $0.terms.map(\.description) }) { a, b in
      (a.terms, Set(a.families + b.families).sorted { $0.rawValue < $1.rawValue })
    }
    return joined(families, by: Self.families) { a, b in
      (a.terms + b.terms, Set(a.families + b.families).sorted { $0.rawValue < $1.rawValue })
    }
  }

  /// ICMP is of one family each: what it is of follows from the protocol.
  private static func families(_ line: ConnectionLine) -> [String] {
    let isICMP = line.terms.allSatisfy { [.icmp, .icmpv6].contains($0.ipProtocol) }
    return isICMP ? [] : line.families.map { "\($0)" }
  }

  /// Joins lines with the same ends and the same key.
  private static func joined(
    _ lines: [ConnectionLine], by key: (ConnectionLine) -> [String],
    with join: (ConnectionLine, ConnectionLine) -> ([LineTerm], [AddressFamily])
  ) -> [ConnectionLine] {
    struct Key: Hashable {
      let ends: Ends
      let other: [String]
    }
    var places: [Key: Int] = [:]
    var result: [ConnectionLine] = []
    for line in lines {
      let key = Key(ends: Ends(line), other: key(line))
      guard let place = places[key] else {
        places[key] = result.count
        result.append(line)
        continue
      }
      let known = result[place]
      let (terms, families) = join(known, line)
      result[place] = ConnectionLine(
        from: known.from.joined(line.from), to: known.to.joined(line.to), service: known.service,
        terms: Set(terms).sorted(), families: families, flow: known.flow, location: known.location,
        scope: known.scope, rectangles: known.rectangles.joined(line.rectangles),
        exceptions: known.exceptions.joined(line.exceptions),
        isInPart: known.isInPart, toldParts: merged(known.toldParts + line.toldParts),
        untoldParts: known.untoldParts + line.untoldParts)
    }
    return result
  }
}

extension [Rectangle] {
  /// Those of the other as well, each once.
  fileprivate func joined(_ others: [Rectangle]) -> [Rectangle] {
    let known = Set(self)
    return self + others.filter { !known.contains($0) }
  }
}

extension LineEnd {
  fileprivate func joined(_ other: Self) -> Self {
    Self(
      name: name, hosts: hosts, outside: outside.union(other.outside),
      outsideName: outsideName.isEmpty ? other.outsideName : outsideName,
      families: families.union(other.families))
  }
}
