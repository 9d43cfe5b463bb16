internal import Addressing
internal import CLinux
internal import Glibc
internal import Machine
internal import SystemPackage

/// Asks the kernel (rtnetlink(7)) whether what is sent to an address waits for a neighbour that does not answer.
///
/// Such a packet has passed every rule of this host and leaves by no link: by its silence it looks like one that a
/// rule has dropped. What a rule drops asks for no neighbour.
struct NextHop {
  private let socket: Socket
  private var sequence: UInt32 = 0
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  /// Neighbours that do not answer, as of the beginning; `nil`: they are not known.
  private var unanswered: Set<Address>?

  /// Times that neighbours are listed until they stay the same meanwhile.
  private static let patience = 4

  init() throws(Errno) {
    let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = Glibc.socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | flags, NETLINK_ROUTE)
    if descriptor < 0 { throw .last }
    self.init(asking: Socket(accepted: descriptor, .ipv4))
  }

  /// - Parameter socket: the kernel is at its other end.
  init(asking socket: Socket) {
    self.socket = socket
    for _ in 0..<Self.patience where unanswered == nil { unanswered = listUnanswered() }
  }

  /// Whether the neighbour on the way to an address is known not to answer, or nothing is known of the way.
  mutating func isMissing(from source: Address?, to destination: Address) -> Bool {
    guard let unanswered, let neighbour = neighbour(from: source, to: destination) else { return true }
    return unanswered.contains(neighbour)
  }

  /// The address that is asked for on the link; `nil`: there is no way.
  private mutating func neighbour(from source: Address?, to destination: Address) -> Address? {
    let bits = UInt8(destination.family.bitWidth)
    // struct rtmsg: family | prefix lengths of destination and source | TOS | table | protocol | scope | type | u32 flags.
    var body: [UInt8] = [family(destination), bits, source == nil ? 0 : bits, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    body += attribute(UInt16(RTA_DST.rawValue), destination.networkBytes)
    if let source { body += attribute(UInt16(RTA_SRC.rawValue), source.networkBytes) }
    guard let answers = ask(UInt16(RTM_GETROUTE), NLM_F_REQUEST, body), let route = answers.first,
      route.type == UInt16(RTM_NEWROUTE)
    else { return nil }
    let attributes = Self.attributes(route.body.dropFirst(12))
    if let gateway = attributes[UInt16(RTA_GATEWAY.rawValue)] { return Address(networkBytes: gateway) }
    // struct rtvia: u16 family | address: a next hop of the other family.
    if let via = attributes[UInt16(RTA_VIA.rawValue)] { return Address(networkBytes: via.dropFirst(2)) }
    return destination
  }

  private mutating func listUnanswered() -> Set<Address>? {
    // struct ndmsg: family | padding | u16 padding | s32 interface | u16 state | flags | type.
    let answers = ask(
      UInt16(RTM_GETNEIGH), NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH,
      [UInt8](repeating: 0, count: 12))
    return answers.map { answers in
      Set(
        answers.compactMap { answer in
          guard answer.type == UInt16(RTM_NEWNEIGH), answer.body.count >= 12,
            let state = native(answer.body, at: 8, as: UInt16.self),
            Int32(state) & (NUD_INCOMPLETE | NUD_FAILED) != 0
          else { return nil }
          return Self.attributes(answer.body.dropFirst(12))[UInt16(NDA_DST)].flatMap {
            Address(networkBytes: $0)
          }
        })
    }
  }

  private func family(_ address: Address) -> UInt8 { UInt8(address.family == .ipv4 ? AF_INET : AF_INET6) }

  // MARK: - Messages

  private struct Answer {
    let type: UInt16
    let body: [UInt8]
  }

  /// The answers to a request; `nil`: it was refused, or the answer is not whole or not of one moment.
  private mutating func ask(_ type: UInt16, _ flags: Int32, _ body: [UInt8]) -> [Answer]? {
    sequence += 1
    // struct nlmsghdr: u32 length | u16 type | u16 flags | u32 sequence | u32 port.
    let header =
      withNative(UInt32(16 + body.count)) + withNative(type) + withNative(UInt16(flags))
      + withNative(sequence)
      + withNative(UInt32(0))
    guard (try? socket.send(header + body)) != nil else { return nil }
    let isDump = flags & NLM_F_ROOT != 0
    var answers: [Answer] = []
    var isOfOneMoment = true
    while let message = try? socket.receive(&buffer) {
      var rest = message.data[...]
      while rest.count >= 16 {
        let head = Array(rest.prefix(16))
        guard let length = native(head, at: 0, as: UInt32.self).map(Int.init), length >= 16,
          length <= rest.count, let type = native(head, at: 4, as: UInt16.self),
          let flags = native(head, at: 6, as: UInt16.self), let number = native(head, at: 8, as: UInt32.self)
        else { return nil }
        let body = Array(rest.prefix(length).dropFirst(16))
        rest = rest.dropFirst(min((length + 3) / 4 * 4, rest.count))
        // An answer to an earlier request that was given up.
        if number != sequence { continue }
        if Int32(type) == NLMSG_ERROR { return nil }
        // What was listed while it changed may be without what was there all the time. It is taken to its end: as long
        // as one list is under way the kernel begins no other (EBUSY, netlink_dump_start).
        if Int32(flags) & NLM_F_DUMP_INTR != 0 { isOfOneMoment = false }
        if Int32(type) == NLMSG_DONE {
          // A list that breaks off ends with its error (netlink_dump, net/netlink/af_netlink.c).
          return isOfOneMoment && body.prefix(4).allSatisfy({ $0 == 0 }) ? answers : nil
        }
        answers.append(Answer(type: type, body: body))
        if !isDump { return answers }
      }
    }
    return nil
  }

  private func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    withNative(UInt16(4 + payload.count)) + withNative(type) + payload
  }

  /// struct rtattr: u16 length | u16 type | payload | padding to 4 bytes.
  private static func attributes(_ bytes: ArraySlice<UInt8>) -> [UInt16: [UInt8]] {
    var attributes: [UInt16: [UInt8]] = [:]
    var rest = bytes
    while rest.count >= 4 {
      let head = Array(rest.prefix(4))
      guard let length = native(head, at: 0, as: UInt16.self).map(Int.init), length >= 4,
        length <= rest.count,
        let type = native(head, at: 2, as: UInt16.self)
      else { break }
      attributes[type] = Array(rest.prefix(length).dropFirst(4))
      rest = rest.dropFirst(min((length + 3) / 4 * 4, rest.count))
    }
    return attributes
  }
}
