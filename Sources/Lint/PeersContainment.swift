internal import Addressing
internal import Policy

/// Which peers are within which, found without comparing each with each: whatever contains a set contains the
/// rarest host of it.
struct PeersContainment {
  private let policy: Policy
  /// The hosts of each of the policy's peers as bits; empty for those that nobody asks for.
  private var bits: [[UInt64]]
  private var supersets: [PeersID: [PeersID]] = [:]

  /// - Parameter used: the peers that are asked for.
  init(_ policy: Policy, _ used: Set<PeersID>) {
    self.policy = policy
    bits = Array(repeating: [], count: policy.peers.count)
    let sorted = used.sorted()
    var byHost = [[PeersID]](repeating: [], count: policy.hosts.count)
    for id in sorted {
      var words = [UInt64](repeating: 0, count: (policy.hosts.count + 63) / 64)
      for host in policy[id].hosts {
        byHost[host.index].append(id)
        words[host.index >> 6] |= 1 << UInt64(host.index & 63)
      }
      bits[id.index] = words
    }
    let withAddresses = sorted.filter { !policy[$0].networks.isEmpty || !policy[$0].virtuals.isEmpty }
    for id in sorted {
      let rarest = policy[id].hosts.min { byHost[$0.index].count < byHost[$1.index].count }
      let candidates = rarest.map { byHost[$0.index] } ?? withAddresses
      supersets[id] = candidates.filter { contains($0, id) }
    }
  }

  /// The peers, of those asked for, that have everything these have; themselves among them.
  func containing(_ peers: PeersID) -> [PeersID] { supersets[peers] ?? [] }

  /// Whether the first have every host and every address of the second.
  func contains(_ wide: PeersID, _ narrow: PeersID) -> Bool {
    if wide == narrow { return true }
    return containsHosts(wide, narrow) && containsNetworks(policy[wide], policy[narrow])
      && policy[narrow].virtuals.allSatisfy(policy[wide].virtuals.contains)
  }

  private func containsHosts(_ wide: PeersID, _ narrow: PeersID) -> Bool {
    let words = bits[wide.index]
    let hosts = policy.peers[narrow.index].hosts
    if hosts.count < words.count {
      return hosts.allSatisfy { words[$0.index >> 6] >> UInt64($0.index & 63) & 1 == 1 }
    }
    let others = bits[narrow.index]
    return words.indices.allSatisfy { others[$0] & ~words[$0] == 0 }
  }

  private func containsNetworks(_ wide: Peers, _ narrow: Peers) -> Bool {
    narrow.networks.isEmpty || narrow.networks == wide.networks
      || narrow.networks.isSubset(of: wide.addresses)
  }
}
