package import Policy
package import Reachability

extension Picture {
  /// The same with ends of flows called by what they are made of, rather than by the flow: `operated & !bastion`.
  package func named(in policy: Policy) -> Picture {
    let names = PeerNames(policy)
    let peers = Dictionary(
      policy.peers.enumerated().map { ($1.name, PeersID($0)) }, uniquingKeysWith: { first, _ in first })
    return renamed { box in
      let name =
        box.kind != .hosts && Peers.isDerived(box.name)
        ? peers[box.name].map(names.name) ?? box.name : box.name
      return box.isInPart ? "of \(name)" : name
    }
  }
}
