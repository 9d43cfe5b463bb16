internal import Addressing
internal import AgentProtocol
internal import Machine
internal import Netlink
internal import Nftables
internal import Sessions

extension LocalHost {
  /// The ssh session that this process belongs to.
  ///
  /// What it says of itself counts where it leads to an address of this network namespace: from a namespace of a lab the
  /// session ends elsewhere. Connection tracking knows what it asked for where rules led it here.
  ///
  /// - Parameter tables: of the host; where none of them leads elsewhere, every session of the host need not be read.
  /// - Returns: `nil`: there is none, as at a console.
  /// - Throws: ``AgentProtocol/AgentFailure`` where it is not known.
  func login(_ tables: [Table], _ kernel: any HostKernel) throws(AgentFailure) -> Login? {
    let words = Caller.connection
    guard words.count == 4, let client = Self.address(words[0]), let clientPort = UInt16(words[1]),
      let server = Self.address(words[2]), let port = UInt16(words[3]),
      client.family == server.family
    else { return nil }
    // What a host sends itself always passes.
    let own: [Address]
    do throws(SystemFailure) { own = try Interfaces.addresses() } catch { throw AgentFailure(error) }
    guard own.contains(server), !own.contains(client) else { return nil }
    let asked = Login(from: client, to: server, port: port)
    guard tables.contains(where: \.translates) else { return asked }
    do throws(NetlinkError) {
      let session = try kernel.tracked()?.sessions.first {
        $0.original.ipProtocol == .tcp && $0.reply.source == server && $0.reply.sourcePort == port
          && $0.reply.destination == client && $0.reply.destinationPort == clientPort
      }
      return session.map {
        Login(from: $0.original.source, to: $0.original.destination, port: $0.original.destinationPort)
      } ?? asked
    } catch { throw AgentFailure(error) }
  }

  /// Without the link that stands behind an address that is of one (RFC 4007, 11).
  private static func address(_ text: String) -> Address? {
    try? Address(parsing: text.prefix { $0 != "%" })
  }
}

extension Table {
  fileprivate var translates: Bool { chains.contains { $0.base?.type == "nat" && !$0.rules.isEmpty } }
}
