import Netlink
import Testing

@Suite struct AcknowledgementTests {
  /// `NLMSG_ERROR` with a request's header, perhaps its payload, and attributes behind.
  private func answer(flags: UInt16, code: Int32, request: [UInt8] = [], _ attributes: [UInt8] = [])
    -> [UInt8]
  {
    var writer = MessageWriter()
    let start = writer.beginMessage(type: 2, flags: flags, sequence: 1)
    writer.append(withUnsafeBytes(of: -code) { Array($0) })
    let inner = writer.beginMessage(type: 99, flags: 0, sequence: 42)
    writer.append(request)
    writer.endMessage(inner)
    writer.pad()
    writer.append(attributes)
    writer.endMessage(start)
    return writer.bytes
  }

  private func read(_ bytes: [UInt8]) -> Acknowledgement? {
    var cursor = MessageCursor(0..<bytes.count)
    return cursor.next(in: bytes.span).flatMap { Acknowledgement($0, in: bytes) }
  }

  private let told: [UInt8] = [8, 0, 1, 0, 0x6e, 0x6f, 0, 0, 8, 0, 2, 0, 20, 0, 0, 0]

  @Test func `success and errors carry the number of the request`() {
    #expect(read(answer(flags: 0, code: 0)) == Acknowledgement(sequence: 42, error: nil))
    #expect(read(answer(flags: 0x100, code: 2)) == Acknowledgement(sequence: 42, error: .noEntry))
  }

  @Test func `the kernel's words and the offset are read behind a capped or a whole request`() {
    let expected = Acknowledgement(sequence: 42, error: .invalid, text: "no", offset: 20)
    #expect(read(answer(flags: 0x300, code: 22, told)) == expected)
    for length in 1...8 {
      let request = [UInt8](repeating: 0xff, count: length)
      #expect(read(answer(flags: 0x200, code: 22, request: request, told)) == expected)
    }
  }

  @Test func `an echoed length that lies takes the words away and nothing else`() {
    for length: UInt8 in [0, 1, 200, 255] {
      var bytes = answer(flags: 0x200, code: 22, told)
      bytes[20] = length
      bytes[23] = length == 255 ? 255 : 0
      #expect(read(bytes)?.error == .invalid)
    }
    #expect(read(Array(answer(flags: 0, code: 22).prefix(36)))?.sequence == 42)
  }

  @Test func `an error says its name, what was tried, and what helps`() {
    let error = NetlinkError.failed(.perm, doing: "open a netlink socket", extended: nil)
    #expect(error.description == "cannot open a netlink socket: Operation not permitted (EPERM)")
    #expect(error.remedy == "run it as root, or with the capability CAP_NET_ADMIN in this network namespace")
    #expect(KernelErrno(rawValue: 99_999).description == "error 99999 (errno 99999)")
  }
}
