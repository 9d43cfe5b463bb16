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

  /// The answers of so many fit an unprivileged receive buffer, should each of them fail.
  private static let requestsAtOnce = 100

  /// Makes the kernel track sessions as established, where it does not know them.
  ///
  /// What it knows already stays as it is, whichever end it takes for the one that began.
  ///
  /// - Returns: how many it did not know.
  /// - Throws: the first answer that is neither "done" nor "known".
  package func enter(_ sessions: [Session]) throws(NetlinkError) -> Int {
    try request(
      IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL, of: sessions, passing: .exists,
      doing: "enter sessions into connection tracking"
    ) { $0.put(into: &$1) }
  }

  /// Everything that is tracked.
  ///
  /// - Returns: the entries, and how many could not be read.
  /// - Throws: ``Netlink/NetlinkError``.
  package func tracked() throws(NetlinkError) -> Tracked {
    var tracked = Tracked()
    // Of no family: of all. Never with a filter: on an IPv6 address the kernel reads it the wrong way round.
    try channel.dump(
      type: Self.type(IPCTNL_MSG_CT_GET), payload: [UInt8(AF_UNSPEC), UInt8(NFNETLINK_V0), 0, 0],
      doing: "list what is tracked"
    ) { message, bytes in
      if let session = TrackedSession(message, in: bytes) {
        tracked.sessions.append(session)
      } else {
        tracked.unread += 1
      }
    }
    return tracked
  }

  /// Takes entries away, each by its whole name.
  ///
  /// - Returns: how many were there; others have gone by themselves.
  /// - Throws: the first answer that is neither "done" nor "not there".
  package func end(_ sessions: [TrackedSession]) throws(NetlinkError) -> Int {
    try request(IPCTNL_MSG_CT_DELETE, 0, of: sessions, passing: .noEntry, doing: "end sessions") {
      $0.putName(into: &$1)
    }
  }

  /// Asks for something for each of many. The kernel works through what it is sent before it returns, and tells what fails
  /// unasked: so that only the last of a part has to be answered in any case.
  ///
  /// - Returns: for how many it was done; the others were answered with the errno that may pass.
  private func request<Value>(
    _ kind: cntl_msg_types, _ flags: Int32, of values: [Value], passing: KernelErrno, doing: String,
    _ put: (Value, inout MessageWriter) -> Void
  ) throws(NetlinkError) -> Int {
    var done = 0
    // One that cannot be done keeps none of the others from it.
    var failure: NetlinkError?
    var position = 0
    while position < values.count {
      let part = values[position..<min(position + Self.requestsAtOnce, values.count)]
      position += part.count
      var writer = MessageWriter()
      var last: UInt32 = 0
      for (index, value) in zip(part.indices, part) {
        last = channel.nextSequence()
        let isLast = index == part.endIndex - 1
        let start = writer.beginMessage(
          type: Self.type(kind), flags: UInt16(NLM_F_REQUEST | flags | (isLast ? NLM_F_ACK : 0)),
          sequence: last)
        put(value, &writer)
        writer.endMessage(start)
      }
      let answers = try channel.exchange(writer.bytes)
      if answers.overrun { throw .overrun }
      guard answers.answers.contains(where: { $0.sequence == last }) else { throw .silence(doing: doing) }
      done += part.count
      for answer in answers.answers {
        guard let code = answer.error else { continue }
        done -= 1
        if code != passing { failure = failure ?? .failed(code, doing: doing, extended: answer.text) }
      }
    }
    if let failure { throw failure }
    return done
  }

  private static func type(_ kind: cntl_msg_types) -> UInt16 {
    UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(kind.rawValue)
  }
}
