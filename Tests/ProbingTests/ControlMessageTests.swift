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

  @Test func `a witness stays within its memory`() throws {
    var witness = Witness()
    for number in 0..<70_000 {
      witness.saw(.udp, .port(53), from: Address(.ipv4, UInt128(number)))
    }
    witness.saw(.udp, .port(53), from: Address(.ipv4, 7))
    #expect(witness.arrivals.count == 65_536)
    #expect(witness.uncounted == 70_000 - 65_536)
    #expect(witness.arrivals[7] == Arrival(.udp, .port(53), from: Address(.ipv4, 7), count: 2))
  }
}
