import Addressing
import AgentProtocol
import Diagnostics
import Enforcement
import FlowProposal
import InventoryText
import Policy
import PolicyFixtures
import Records
import Sessions
import Testing

/// First proposals of what runs, without anything recorded.
@Suite struct PeersProposalTests {
  /// Some of what runs is tracked at some of the hosts, and the rest sockets alone tell.
  @Test(arguments: 0..<200)
  func `the loader reads exactly what runs, whoever tells of it`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let count = Int.random(in: 2...8, using: &random)
    var text = "version: 1\nservices: {s1: tcp/1000, dns: [udp/53, tcp/53]}\nhosts:\n"
    for host in 0..<count {
      let groups = ["g1", "g2"].filter { _ in Bool.random(using: &random) }
      text += "  h\(host): {addresses: [10.0.0.\(host + 1)]"
      text += groups.isEmpty ? "}\n" : ", groups: [\(groups.joined(separator: ", "))]}\n"
    }
    let it = try ProposalCase(text)
    func address(_ host: Int) -> Address { Address(.ipv4, 0x0a00_0001 + UInt128(host)) }
    let listening: [(ipProtocol: IPProtocol, port: UInt16)] = [(.tcp, 1000), (.tcp, 7), (.udp, 514)]
    var asked: Set<Asked> = []
    var tracked: [Int: [TrackedSession]] = [:]
    var streams: [Int: [TCPSocket]] = [:]
    var datagrams: [Int: [UDPSocket]] = [:]
    for host in 0..<count {
      for (ipProtocol, port) in listening {
        let all = SessionEnd(Address(.ipv4, 0), port)
        if ipProtocol == .tcp {
          streams[host, default: []].append(
            TCPSocket(local: all, remote: SessionEnd(all.address, 0), state: .listening))
        } else {
          datagrams[host, default: []].append(UDPSocket(local: all, remote: nil))
        }
      }
    }
    for number in 0..<Int.random(in: 1...20, using: &random) {
      let ends = (0..<count).shuffled(using: &random)
      let (ipProtocol, port) = listening.randomElement(using: &random) ?? (.tcp, 7)
      let client = SessionEnd(address(ends[0]), 40_000 + UInt16(number))
      let server = SessionEnd(address(ends[1]), port)
      asked.insert(Asked(source: "h\(ends[0])", destination: "h\(ends[1])", service: "\(ipProtocol)/\(port)"))
      for (host, local, remote) in [(ends[0], client, server), (ends[1], server, client)] {
        let isTracked = Bool.random(using: &random)
        if isTracked {
          // Tracking may have come upon it half-way, and taken either end for the one that began.
          let isPickedUp = ipProtocol == .tcp && Bool.random(using: &random)
          let (one, other) = isPickedUp && Bool.random(using: &random) ? (server, client) : (client, server)
          func tuple(_ one: SessionEnd, _ other: SessionEnd) -> TrackedSession.Tuple {
            TrackedSession.Tuple(
              from: one.address, to: other.address, ipProtocol, sourcePort: one.port,
              destinationPort: other.port)
          }
          tracked[host, default: []].append(
            TrackedSession(
              original: tuple(one, other), reply: tuple(other, one), status: 0xe, isPickedUp: isPickedUp,
              name: TrackedSession.Name(tuple: [], id: UInt32(number))))
        }
        if ipProtocol == .tcp, !isTracked || Bool.random(using: &random) {
          streams[host, default: []].append(
            TCPSocket(local: local, remote: remote, state: Bool.random(using: &random) ? .open : .over))
        }
        // The client's end of UDP is connected; its server's is not.
        if ipProtocol == .udp, local == client {
          datagrams[host, default: []].append(UDPSocket(local: local, remote: remote))
        }
      }
    }
    let names = Dictionary(uniqueKeysWithValues: (0..<count).map { (address($0), "h\($0)") })
    let reader = RecordReader(names: names, policy: it.policy, now: Timestamp(seconds: 1_900_000_000))
    let connections = (0..<count).flatMap { host in
      let some = tracked[host] ?? []
      let peers = RunningPeers(
        tracked: some, streams: streams[host] ?? [], datagrams: datagrams[host] ?? [],
        at: HostAddresses(own: [address(host), Address(.ipv4, 0x7f00_0001)]))
      #expect(peers.uncertain == 0 && peers.unanswered == 0 && peers.own == 0)
      let list = PeerList(peers, nil)
      #expect(list.untold == 0)
      return list.directions.flatMap { reader.connections($0, at: "h\(host)") }
    }
    let proposal = FlowProposal(over: connections, in: it.policy)
    #expect(try it.opened(by: proposal) == asked)
    #expect(proposal.left.isEmpty && proposal.covered == proposal.records)
    let file = proposal.file(header: [], of: .sessions, now: Timestamp(seconds: 1_900_000_000)).text
    #expect(file.contains(" at 2030-03-17T17:46:40Z") && !file.contains("packets"))
  }
}
