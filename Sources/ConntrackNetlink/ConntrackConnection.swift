internal import CMnl
package import Netlink
package import Sessions

/// Changes what the kernel tracks of connections in the network namespace it was opened in.
///
/// Synchronous, and for one thread.
package final class ConntrackConnection {
  private var channel: Channel

  /// Connects to the running kernel.
  ///
  /// - Throws: ``Netlink/NetlinkError``.
  package init() throws(NetlinkError) { channel = Channel(try KernelSocket()) }

  /// Speaks over another transport, such as a played back kernel.
  package init(over transport: any Transport) { channel = Channel(transport) }

  /// Each request is answered, and the answers of so many fit an unprivileged receive buffer.
  private static let requestsAtOnce = 100

  /// Makes the kernel track sessions as established, where it does not know them.
  ///
  /// What it knows already stays as it is, whichever end it takes for the one that began.
  ///
  /// - Returns: how many it did not know.
  /// - Throws: the first answer that is neither "done" nor "known".
  package func enter(_ sessions: [Session]) throws(NetlinkError) -> Int {
    let doing = "enter sessions into connection tracking"
    var entered = 0
    var position = 0
    while position < sessions.count {
      let part = sessions[position..<min(position + Self.requestsAtOnce, sessions.count)]
      position += part.count
      var writer = MessageWriter()
      for session in part {
        let start = writer.beginMessage(
          type: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_NEW.rawValue),
          flags: UInt16(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL),
          sequence: channel.nextSequence())
        session.put(into: &writer)
        writer.endMessage(start)
      }
      let answers = try channel.exchange(writer.bytes)
      if answers.overrun { throw .overrun }
      if answers.answers.count < part.count { throw .silence(doing: doing) }
      for answer in answers.answers {
        guard let code = answer.error else {
          entered += 1
          continue
        }
        if code != .exists { throw .failed(code, doing: doing, extended: answer.text) }
      }
    }
    return entered
  }
}
