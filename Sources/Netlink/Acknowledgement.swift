internal import CMnl

/// The kernel's answer to one request (`NLMSG_ERROR`, `struct nlmsgerr`, linux/netlink.h).
///
///     error      s32, 0 or a negated errno
///     nlmsghdr   of the request
///     NLMSGERR_ATTR_MSG    string   when NLM_F_ACK_TLVS is set
///     NLMSGERR_ATTR_OFFS   u32      offset in the request that the error is about
public struct Acknowledgement: Hashable, Sendable {
  public let sequence: UInt32
  /// `nil`: the request was taken. In a batch that does not mean that it was carried out.
  public let error: KernelErrno?
  /// The kernel's own words.
  public let text: String?
  /// Bytes from the beginning of the request.
  public let offset: Int?

  public init(sequence: UInt32, error: KernelErrno?, text: String? = nil, offset: Int? = nil) {
    self.sequence = sequence
    self.error = error
    self.text = text
    self.offset = offset
  }

  /// `nil` when the message is not an acknowledgement, or too short for one.
  public init?(_ message: Message, in bytes: [UInt8]) {
    guard message.type == NLMSG_ERROR, message.payload.count >= 4 + Message.headerLength else { return nil }
    let start = message.payload.lowerBound
    let code = Int32(bitPattern: bytes.span.hostUInt32(at: start))
    sequence = bytes.span.hostUInt32(at: start + 4 + 8)
    error = code == 0 ? nil : KernelErrno(rawValue: code == .min ? .max : abs(code))
    var text: String?
    var offset: Int?
    if message.flags & UInt16(NLM_F_ACK_TLVS) != 0 {
      // Without NLM_F_CAPPED the request's payload stands between its header and the attributes.
      let request = Int(bytes.span.hostUInt32(at: start + 4))
      let echoed = message.flags & UInt16(NLM_F_CAPPED) != 0 ? Message.headerLength : request
      let end = message.payload.upperBound
      let first = min(end, start + 4 + (max(Message.headerLength, min(echoed, end)) + 3) & ~3)
      if var fields = Attributes(bytes, first..<end) {
        text = fields.text(NLMSGERR_ATTR_MSG)
        offset = fields.hostU32(NLMSGERR_ATTR_OFFS).map { Int($0) }
      }
    }
    self.text = text
    self.offset = offset
  }
}
