internal import Addressing
package import AgentProtocol
internal import Nftables
internal import NftablesNetlink
package import Sessions

extension LocalHost {
  /// Who speaks with this host or through it, whatever rules it has.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; where the kernel tracks nothing, sockets alone tell.
  package func peers() throws(AgentFailure) -> PeerList {
    let kernel = try openKernel()
    let tracked = try tracked(kernel)
    guard let streams = try sockets(kernel), let datagrams = try datagramSockets(kernel) else {
      throw AgentFailure(
        .failed, "the sockets of this machine cannot be read", remedy: "look whether /proc is mounted there")
    }
    let peers = RunningPeers(
      tracked: tracked?.sessions ?? [], streams: streams, datagrams: datagrams, at: try addresses())
    return PeerList(peers, tracked)
  }

  private func datagramSockets(_ kernel: any HostKernel) throws(AgentFailure) -> [UDPSocket]? {
    do throws(ReadError) { return try kernel.datagramSockets() } catch { throw AgentFailure(error) }
  }
}

extension PeerList {
  /// - Parameter tracked: `nil`: the kernel does not let itself be asked.
  package init(_ peers: RunningPeers, _ tracked: Tracked?) {
    var untold = tracked?.unread ?? 0
    var all: [DirectionStatus.Direction: [Peer]] = [:]
    for (asked, sessions) in peers.sessions {
      guard let direction = DirectionStatus.Direction(asked.hook) else { continue }
      let record = Recorded.Record(
        peer: direction == .output ? asked.destination : asked.source,
        destination: direction == .forward ? asked.destination : nil, ipProtocol: asked.ipProtocol,
        port: asked.port, type: asked.type)
      all[direction, default: []].append(Peer(record, sessions: UInt64(sessions)))
    }
    let directions = DirectionStatus.Direction.allCases.compactMap { hook in
      all[hook].map { some in
        let ordered = some.sorted { a, b in
          a.sessions == b.sessions ? a.record < b.record : a.sessions > b.sessions
        }
        untold += max(0, ordered.count - Self.most)
        return Direction(hook: hook, peers: Array(ordered.prefix(Self.most)))
      }
    }
    self.init(
      directions: directions, own: peers.own, linkLocal: peers.linkLocal, groups: peers.groups,
      unanswered: peers.unanswered, uncertain: peers.uncertain, untold: untold,
      waiting: peers.waiting.prefix(Self.mostWaiting).map {
        Waiting(ipProtocol: $0.ipProtocol.rawValue, port: $0.port)
      }, isTracked: tracked.map { !$0.sessions.isEmpty } ?? false)
  }
}

extension DirectionStatus.Direction {
  fileprivate init?(_ hook: Hook) {
    switch hook {
    case .input: self = .input
    case .output: self = .output
    case .forward: self = .forward
    default: return nil
    }
  }
}
