package import Nftables

/// A rule that counts connections which a flow lets begin: packets of established ones pass ahead of it.
package struct CountedFlow: Hashable, Sendable {
  package let flow: String
  package let side: Side
  package let service: String
  /// What the kernel calls the rule, and no other of its table for as long as that is there.
  package let handle: UInt64
  package let counter: CounterValues

  package init(flow: String, side: Side, service: String, handle: UInt64, counter: CounterValues) {
    self.flow = flow
    self.side = side
    self.service = service
    self.handle = handle
    self.counter = counter
  }
}

extension InstalledTable {
  /// All such rules, those on trial among them, in order of chains. Answers to multicast requests begin nothing.
  package var countedFlows: [CountedFlow] {
    table.chains.flatMap { chain -> [CountedFlow] in
      guard case .requests(let side, let service)? = ChainMeaning(TrialName.settled(chain.name)) else {
        return []
      }
      return zip(chain.rules, rules[chain.name] ?? []).compactMap { rule, state in
        guard let flow = rule.acceptedFlow, let counter = state.counter else { return nil }
        return CountedFlow(flow: flow, side: side, service: service, handle: state.handle, counter: counter)
      }
    }
  }
}

extension TrialName {
  /// What a chain of a trial is called once the change stays; any other name as it is.
  fileprivate static func settled(_ name: ChainName) -> ChainName {
    guard isTrial(name.text), let slash = name.text.firstIndex(of: "/") else { return name }
    return ChainName(checked: String(name.text[name.text.index(after: slash)...]))
  }
}
