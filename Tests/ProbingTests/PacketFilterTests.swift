import Addressing
import Attempts
import Testing

@testable import Probing

/// What the kernel's packet filter lets a witness have.
@Suite struct PacketFilterTests {
  private static let request = WitnessRequest(
    peers: [], firstPort: 61_001, lastPort: 61_010, protocols: [.tcp, .udp, .icmp, .icmpv6, .esp])

  /// Runs a program of the classes that are used (linux/filter.h).
  private static func run(_ filter: PacketFilter, _ packet: [UInt8]) -> UInt32 {
    guard let program = filter.program else {
      Issue.record("a test skips too much")
      return 0
    }
    var (a, x, place) = (UInt32(0), UInt32(0), 0)
    func bytes(_ at: UInt32, _ count: Int) -> UInt32? {
      guard Int(at) + count <= packet.count else { return nil }
      return packet[Int(at)..<(Int(at) + count)].reduce(0) { $0 << 8 | UInt32($1) }
    }
    while place < program.count {
      let step = program[place]
      place += 1
      func jump(_ isTaken: Bool) { place += Int(isTaken ? step.yes : step.no) }
      switch step.code {
      case 0x30: guard let value = bytes(step.value, 1) else { return 0 }; a = value
      case 0x28: guard let value = bytes(step.value, 2) else { return 0 }; a = value
      case 0x50: guard let value = bytes(x + step.value, 1) else { return 0 }; a = value
      case 0x48: guard let value = bytes(x + step.value, 2) else { return 0 }; a = value
      case 0x00: a = step.value
      case 0x01: x = step.value
      case 0xb1: guard let value = bytes(step.value, 1) else { return 0 }; x = (value & 0xf) * 4
      case 0x74: a >>= step.value
      case 0x05: place += Int(step.value)
      case 0x15: jump(a == step.value)
      case 0x25: jump(a > step.value)
      case 0x35: jump(a >= step.value)
      case 0x45: jump(a & step.value != 0)
      case 0x06: return step.value
      default:
        Issue.record("an instruction of another kind: \(step.code)")
        return 0
      }
    }
    Issue.record("the program has no end")
    return 0
  }

  struct Case: Sendable {
    let ipProtocol: UInt8
    var ports: (UInt16, UInt16) = (0, 0)
    var flags: UInt8 = 0x02
    var isTaken = true
  }

  private static let cases = [
    Case(ipProtocol: 6, ports: (61_001, 22)), Case(ipProtocol: 6, ports: (61_010, 22)),
    Case(ipProtocol: 6, ports: (22, 61_001), flags: 0x12),
    Case(ipProtocol: 6, ports: (22, 61_010), flags: 0x14),
    // What goes on in a connection, and what has other ports, is nobody's business.
    Case(ipProtocol: 6, ports: (61_001, 22), flags: 0x10, isTaken: false),
    Case(ipProtocol: 6, ports: (61_000, 22), isTaken: false),
    Case(ipProtocol: 6, ports: (61_011, 22), isTaken: false),
    Case(ipProtocol: 6, ports: (22, 61_011), isTaken: false),
    Case(ipProtocol: 6, ports: (22, 61_000), isTaken: false),
    Case(ipProtocol: 17, ports: (61_005, 53), flags: 0), Case(ipProtocol: 17, ports: (53, 61_005), flags: 0),
    Case(ipProtocol: 17, ports: (53, 4000), isTaken: false),
    Case(ipProtocol: 50), Case(ipProtocol: 47, isTaken: false),
    Case(ipProtocol: 132, ports: (61_001, 5), isTaken: false),
  ]

  @Test func `of all packets those of attempts are taken, and their answers`() {
    for one in Self.cases {
      let transport =
        network(one.ports.0) + network(one.ports.1) + [0, 0, 0, 0, 0, 0, 0, 0, 0x50, one.flags, 0, 0]
      let whole = PacketFilter(Self.request, from: .network)
      for options in [0, 3] {
        let head: [UInt8] = [0x45 + UInt8(options), 0, 0, 0, 0, 0, 0x40, 0, 64, one.ipProtocol]
        let four = head + Array(repeating: 0, count: 10 + options * 4) + transport
        #expect((Self.run(whole, four) > 0) == one.isTaken, "\(one) \(options)")
      }
      let six = [0x60, 0, 0, 0, 0, 0, one.ipProtocol, 64] + Array(repeating: 0, count: 32) + transport
      #expect((Self.run(whole, six) > 0) == one.isTaken, "\(one)")
      let behind = PacketFilter(Self.request, from: .transport(IPProtocol(rawValue: one.ipProtocol)))
      #expect((Self.run(behind, transport) > 0) == one.isTaken, "\(one)")
    }
  }

  /// A distance of more than eight bits must not become another one.
  @Test func `of as many protocols as may be asked for each is taken, and of more there is no program`() {
    func request(_ count: Int) -> WitnessRequest {
      WitnessRequest(
        peers: [], firstPort: 61_001, lastPort: 61_010,
        protocols: (0..<count).map { IPProtocol(rawValue: UInt8(60 + $0)) })
    }
    for start in [PacketFilter.Start.network, .transport(IPProtocol(rawValue: 60))] {
      #expect(PacketFilter(request(WitnessRequest.mostProtocols), from: start).program != nil)
    }
    let most = PacketFilter(request(WitnessRequest.mostProtocols), from: .network)
    for number in 0..<WitnessRequest.mostProtocols {
      let packet = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, UInt8(60 + number)] + [UInt8](repeating: 0, count: 30)
      #expect(Self.run(most, packet) > 0, "\(number)")
    }
    var tooMany = request(0)
    tooMany.protocols = (0...255).map { IPProtocol(rawValue: $0) }
    #expect(PacketFilter(tooMany, from: .network).program == nil)
  }

  @Test func `what nobody knows to be whole is not whole`() {
    #expect(!Witness.haveLost([], since: []) && !Witness.haveLost([0, 0], since: []))
    #expect(!Witness.haveLost([3, 0], since: [3, 0]) && Witness.haveLost([3, 1], since: [3, 0]))
    #expect(Witness.haveLost([nil], since: [0]) && Witness.haveLost([0, nil], since: [0, nil]))
    #expect(Witness.haveLost([1], since: []))
  }

  @Test func `a later fragment, what is cut off and what is no IP are not taken`() {
    let filter = PacketFilter(Self.request, from: .network)
    let ports = network(61_001) + network(22) + [0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x02, 0, 0]
    func packet(_ fragment: UInt16) -> [UInt8] {
      [0x45, 0, 0, 0, 0, 0] + network(fragment) + [64, 6] + Array(repeating: 0, count: 10) + ports
    }
    #expect(Self.run(filter, packet(0x2000)) > 0)
    #expect(Self.run(filter, packet(0x0001)) == 0)
    for count in 0..<34 { #expect(Self.run(filter, Array(packet(0)[..<count])) == 0) }
    #expect(Self.run(filter, [0x55] + packet(0).dropFirst()) == 0)
  }
}
