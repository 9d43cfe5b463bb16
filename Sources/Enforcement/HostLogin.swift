internal import Addressing
package import AgentProtocol
internal import Machine
internal import Netlink
internal import Nftables
internal import Sessions

extension LocalHost {
  /// The sessions by which whoever uses this process may be here, as they were asked for.
  ///
  /// Connection tracking knows what a session asked for where rules led it here.
  ///
  /// - Parameters:
  ///   - tables: of the host; where none of them leads elsewhere, every session of the host need not be read.
  ///   - sockets: of the host.
  /// - Returns: none, as at a console; more than one where the process that serves him serves others.
  /// - Throws: ``AgentProtocol/AgentFailure`` where it is not known.
  func logins(
    _ tables: [Table], _ sockets: [TCPSocket]?, _ kernel: any HostKernel
  ) throws(AgentFailure) -> [Login] {
    let (said, holders) = (Self.said, Caller.sockets)
    if said == nil, holders.allSatisfy(\.isEmpty) { return [] }
    let own: Set<Address>
    do throws(SystemFailure) { own = Set(try Interfaces.addresses()) } catch { throw AgentFailure(error) }
    let found = Presence.found(said: said, holders: holders, among: sockets, own: own)
    var tracked: [TrackedSession] = []
    if !found.isEmpty, tables.contains(where: \.translates) {
      do throws(NetlinkError) { tracked = try kernel.tracked()?.sessions ?? [] } catch {
        throw AgentFailure(error)
      }
    }
    var result: [Login] = []
    for presence in found where result.count < Login.most {
      let session = presence.session
      let asked = tracked.first { $0.isReplied(as: session) }?.original
      let login = Login(
        from: asked?.source ?? session.client.address,
        to: asked?.destination ?? session.server.address,
        port: asked?.destinationPort ?? session.server.port, isOver: presence.isOver)
      if !result.contains(login) { result.append(login) }
    }
    return result
  }

  /// The same, with what is there now.
  package func logins(_ hold: Hold) throws(AgentFailure) -> [Login] {
    // To list sockets the kernel walks all that it could have.
    if Self.said == nil, Caller.sockets.allSatisfy(\.isEmpty) { return [] }
    var pause = Backoff()
    let found = try read(hold.kernel, &pause)
    return try logins(found.tables, try sockets(hold.kernel), hold.kernel)
  }

  /// What ssh says in the environment.
  private static var said: Session? {
    let words = Caller.connection
    guard words.count == 4, let client = address(words[0]), let clientPort = UInt16(words[1]),
      let server = address(words[2]), let port = UInt16(words[3]), client.family == server.family
    else { return nil }
    return Session(client: SessionEnd(client, clientPort), server: SessionEnd(server, port))
  }

  /// Without the link that stands behind an address that is of one (RFC 4007, 11).
  private static func address(_ text: String) -> Address? {
    try? Address(parsing: text.prefix { $0 != "%" })
  }
}

extension TrackedSession {
  /// Whether a session is what it is at this host.
  fileprivate func isReplied(as session: Session) -> Bool {
    original.ipProtocol == .tcp && reply.source == session.server.address
      && reply.sourcePort == session.server.port && reply.destination == session.client.address
      && reply.destinationPort == session.client.port
  }
}

extension Table {
  fileprivate var translates: Bool { chains.contains { $0.base?.type == "nat" && !$0.rules.isEmpty } }
}
