internal import Addressing
internal import Policy

/// The fewest flows that separate nodes, whatever the number of hops: a minimum cut whose vertices are flows.
///
/// A flow leads from each of its sources to each of its destinations, so it is one vertex of capacity one between nodes
/// of no limit. Where a flow is not of that form (its hosts lack a family in common, two flows are needed together), the
/// cut problem is not this one.
struct MinimumCut {
  private struct Gate {
    let flow: FlowID?
    let from: BitSet
    let to: BitSet
  }

  private let gates: [Gate]
  private let count: Int

  /// `nil` where the links are not of the form.
  init?(_ links: [Link], count: Int, many: BitSet) {
    var gates: [Gate] = []
    var byFlow: [FlowID: [Link]] = [:]
    for link in links {
      switch link.flows.count {
      case 0: gates.append(Gate(flow: nil, from: link.fromNodes, to: link.toNodes))
      case 1: byFlow[link.flows[0], default: []].append(link)
      default: return nil
      }
    }
    for (flow, links) in byFlow.sorted(by: { $0.key < $1.key }) {
      var from = links[0].fromNodes
      var to = links[0].toNodes
      for link in links.dropFirst() {
        from.formUnion(link.fromNodes)
        to.formUnion(link.toNodes)
      }
      for node in from.members {
        var row = BitSet(count: count)
        for link in links where link.fromNodes.contains(node) { row.formUnion(link.toNodes) }
        var missing = to.subtracting(row)
        if !many.contains(node) { missing.remove(node) }
        if !missing.isEmpty { return nil }
      }
      gates.append(Gate(flow: flow, from: from, to: to))
    }
    self.gates = gates
    self.count = count
  }

  /// - Parameter closed: nodes that no path leads through.
  /// - Returns: `nil` where no flows separate them, or they are separate already.
  func smallest(from sources: BitSet, to targets: BitSet, closed: BitSet) -> Removal? {
    let source = count + 2 * gates.count
    var network = FlowNetwork(vertices: source + 2)
    sources.forEach { network.connect(source, $0, FlowNetwork.unlimited) }
    targets.forEach { network.connect($0, source + 1, FlowNetwork.unlimited) }
    let shut = closed.subtracting(sources)
    for (index, gate) in gates.enumerated() {
      let entry = count + 2 * index
      network.connect(entry, entry + 1, gate.flow == nil ? FlowNetwork.unlimited : 1)
      for node in gate.from.subtracting(shut).members { network.connect(node, entry, FlowNetwork.unlimited) }
      for node in gate.to.members { network.connect(entry + 1, node, FlowNetwork.unlimited) }
    }
    let amount = network.maximum(from: source, to: source + 1)
    if amount == 0 || amount >= FlowNetwork.unlimited { return nil }
    let isReachable = network.reachable
    let flows = gates.enumerated().compactMap { index, gate in
      isReachable(count + 2 * index) && !isReachable(count + 2 * index + 1) ? gate.flow : nil
    }
    return Removal(flows: flows.sorted(), isSmallest: true)
  }
}
