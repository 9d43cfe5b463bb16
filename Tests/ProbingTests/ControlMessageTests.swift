import Addressing
import Attempts
import Testing

@testable import Probing

@Suite struct ControlMessageTests {
  @Test func `items are read back as they were written, padding left out`() {
    let items = [[1, 2, 3], [], [4, 5, 6, 7, 8, 9, 10, 11]] as [[UInt8]]
    let bytes = items.enumerated().flatMap { index, data in
      ControlMessage(level: 41, type: Int32(index), data: data).bytes
    }
    let list = ControlMessage.list(bytes)
    #expect(list.map(\.data) == items)
    #expect(list.map(\.type) == [0, 1, 2])
    #expect(list.allSatisfy { $0.level == 41 })
  }

  @Test func `bytes that end too early or lie about a length give fewer items, never a crash`() {
    let bytes = ControlMessage(level: 0, type: 8, data: Array(repeating: 7, count: 20)).bytes
    for count in bytes.indices { #expect(ControlMessage.list(Array(bytes[..<count])).count <= 1) }
    for length in [0, 1, 15, 100, UInt.max, UInt(Int.max)] as [UInt] {
      #expect(ControlMessage.list(withNative(length) + bytes.dropFirst(8)).isEmpty)
    }
  }

  @Test func `an endpoint that is cut off is none`() throws {
    for text in ["10.0.0.1", "2001:db8::1"] {
      let endpoint = SocketAddress(try Address(parsing: text), port: 513, scope: 0)
      #expect(SocketAddress(bytes: endpoint.bytes[...]) == endpoint)
      for count in 0..<8 { #expect(SocketAddress(bytes: endpoint.bytes[..<count]) == nil) }
    }
    #expect(SocketAddress(bytes: Array(repeating: 0xff, count: 28)[...]) == nil)
  }

  @Test func `a raw IPv4 packet loses its header, options too, and nothing when it is cut off`() {
    #expect((Array(repeating: 0x46, count: 24) + [1, 2]).withoutHeader(.ipv4) == [1, 2])
    #expect(([0x4f, 0, 0] as [UInt8]).withoutHeader(.ipv4) == nil)
    #expect(([] as [UInt8]).withoutHeader(.ipv4) == nil)
    #expect(([0x4f, 0, 0] as [UInt8]).withoutHeader(.ipv6) == [0x4f, 0, 0])
  }

  @Test func `of a packet its ends and its port or type are read, or nothing where it is cut off`() throws {
    let (one, two) = (try Address(parsing: "10.0.0.1"), try Address(parsing: "10.0.0.2"))
    let (six, seven) = (try Address(parsing: "2001:db8::1"), try Address(parsing: "2001:db8::2"))
    func ipv4(_ ipProtocol: UInt8, options: Int = 0, fragment: UInt16 = 0, _ rest: [UInt8]) -> [UInt8] {
      [0x45 + UInt8(options), 0, 0, 0, 0, 0] + network(fragment) + [64, ipProtocol, 0, 0]
        + one.networkBytes + two.networkBytes + Array(repeating: 1, count: options * 4) + rest
    }
    let ports: [UInt8] = [0xee, 0x49, 0, 80, 9, 9]
    let wanted = Sighting(.sent, .tcp, from: one, sourcePort: 61_001, to: two, .port(80))
    for options in [0, 1, 10] {
      let packet = ipv4(6, options: options, ports)
      #expect(PacketHeader(packet)?.sighting(.sent) == wanted)
      for count in 0..<(20 + options * 4 + 4) {
        #expect(PacketHeader(Array(packet[..<count]))?.sighting(.sent) == nil)
      }
    }
    // Don't fragment, the first fragment, a later one.
    #expect(PacketHeader(ipv4(6, fragment: 0x4000, ports))?.sighting(.sent) == wanted)
    #expect(PacketHeader(ipv4(6, fragment: 0x2000, ports))?.sighting(.sent) == wanted)
    for offset in [1, 0x1fff, 0x100] as [UInt16] {
      #expect(PacketHeader(ipv4(6, fragment: offset, ports)) == nil)
    }
    #expect(
      PacketHeader(ipv4(50, []))?.sighting(.arrived) == Sighting(.arrived, .esp, from: one, to: two, .plain))
    let echo =
      [0x60, 0, 0, 0, 0, 8, 58, 64] + six.networkBytes + seven.networkBytes + ([128, 0, 0, 0] as [UInt8])
    #expect(
      PacketHeader(echo)?.sighting(.delivered)
        == Sighting(.delivered, .icmpv6, from: six, to: seven, .type(128)))
    for count in 0..<41 { #expect(PacketHeader(Array(echo[..<count]))?.sighting(.delivered) == nil) }
    #expect(PacketHeader(Array(repeating: 0xff, count: 60)) == nil)
  }
}
