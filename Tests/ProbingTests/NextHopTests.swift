import Addressing
import Glibc
import Testing

@testable import Probing

/// The kernel's answers played back: neighbours and the way to an address.
@Suite struct NextHopTests {
  private static let interrupted: UInt16 = 0x10

  /// struct nlmsghdr and a body.
  private static func message(
    _ type: UInt16, _ sequence: UInt32, flags: UInt16 = 0, _ body: [UInt8]
  ) -> [UInt8] {
    let length = withNative(UInt32(16 + body.count))
    return length + withNative(type) + withNative(flags) + withNative(sequence) + withNative(UInt32(0)) + body
  }

  private static func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    withNative(UInt16(4 + payload.count)) + withNative(type) + payload
  }

  /// RTM_NEWNEIGH (28): struct ndmsg, NDA_DST.
  private static func neighbour(
    _ sequence: UInt32, _ address: Address, state: UInt16, flags: UInt16 = 0
  ) -> [UInt8] {
    message(
      28, sequence, flags: flags,
      [2, 0, 0, 0, 1, 0, 0, 0] + withNative(state) + [0, 0] + attribute(1, address.networkBytes))
  }

  /// NLMSG_DONE (3).
  private static func end(_ sequence: UInt32, flags: UInt16 = 0) -> [UInt8] {
    message(3, sequence, flags: flags, [0, 0, 0, 0])
  }

  /// RTM_NEWROUTE (24) with RTA_DST, by way of a router where there is one.
  private static func route(_ sequence: UInt32, _ address: Address, by router: Address? = nil) -> [UInt8] {
    message(
      24, sequence,
      [2, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + attribute(1, address.networkBytes)
        + (router.map { attribute(5, $0.networkBytes) } ?? []))
  }

  private static func nextHop(_ answers: [[UInt8]]) throws -> (NextHop, Socket) {
    var ends: [Int32] = [0, 0]
    try #require(
      socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
    let kernel = Socket(accepted: ends[1], .ipv4)
    for answer in answers { try kernel.send(answer) }
    return (NextHop(asking: Socket(accepted: ends[0], .ipv4)), kernel)
  }

  private static let down = Address(.ipv4, 7)
  private static let up = Address(.ipv4, 8)
  /// NUD_FAILED, NUD_REACHABLE.
  private static let states: (failed: UInt16, reachable: UInt16) = (0x20, 0x02)

  @Test func `who does not answer is missing, by whichever router, and neighbours are listed once`() throws {
    var (nextHop, kernel) = try Self.nextHop([
      Self.neighbour(1, Self.down, state: Self.states.failed)
        + Self.neighbour(1, Self.up, state: Self.states.reachable),
      Self.end(1), Self.route(2, Self.down), Self.route(3, Self.up),
      Self.route(4, Address(.ipv4, 99), by: Self.down), Self.route(5, Address(.ipv4, 99), by: Self.up),
    ])
    let far = Address(.ipv4, 99)
    let missing = [
      nextHop.isMissing(from: nil, to: Self.down), nextHop.isMissing(from: nil, to: Self.up),
      nextHop.isMissing(from: nil, to: far), nextHop.isMissing(from: Self.up, to: far),
    ]
    #expect(missing == [true, false, true, false])
    var buffer = [UInt8](repeating: 0, count: 4096)
    var asked: [UInt16] = []
    while let message = try kernel.receive(&buffer) {
      asked.append(try #require(native(message.data, at: 4, as: UInt16.self)))
    }
    // RTM_GETNEIGH, then RTM_GETROUTE.
    #expect(asked == [30, 26, 26, 26, 26])
  }

  @Test func `a list that changed meanwhile is asked for again, and in the end nothing is known`() throws {
    var (changed, kernel) = try Self.nextHop([
      Self.neighbour(1, Self.up, state: Self.states.reachable, flags: Self.interrupted), Self.end(1),
      Self.neighbour(2, Self.down, state: Self.states.failed), Self.end(2),
      Self.route(3, Self.up), Self.route(4, Self.down),
    ])
    let missing = [Self.up, Self.down].map { changed.isMissing(from: nil, to: $0) }
    #expect(missing == [false, true])

    var (never, other) = try Self.nextHop(
      (1...4 as ClosedRange<UInt32>).map { Self.end($0, flags: Self.interrupted) } + [Self.route(5, Self.up)])
    let isUnknown = never.isMissing(from: nil, to: Self.up)
    #expect(isUnknown)

    var (silent, third) = try Self.nextHop([])
    let isUntold = silent.isMissing(from: nil, to: Self.up)
    #expect(isUntold)
    // Who is asked is there until the end.
    withExtendedLifetime((kernel, other, third)) {}
  }
}
