internal import Addressing
internal import Attempts
internal import CLinux
internal import Glibc
internal import Machine
internal import SystemPackage

/// A program of the kernel's packet filter (linux/filter.h) that lets a witness get packets of attempts and their
/// answers only: on a busy host everything else stays where it costs nothing.
struct PacketFilter {
  /// Where the packet begins for the socket.
  enum Start {
    /// At the IP header of either family.
    case network
    /// Behind it, as raw IPv6 sockets have it.
    case transport(IPProtocol)
  }

  private enum Label: Hashable {
    case version4, version6, dispatch, tcp, ports, destination, accept, reject
    /// The instruction behind this one.
    case next
  }

  private var lines: [(code: UInt16, value: UInt32, yes: Label, no: Label)] = []
  private var places: [Label: Int] = [:]

  init(_ request: WitnessRequest, from start: Start) {
    switch start {
    case .network:
      load(BPF_B | BPF_ABS, 0)
      add(BPF_ALU | BPF_RSH | BPF_K, 4)
      test(BPF_JEQ, 4, .version4, .next)
      test(BPF_JEQ, 6, .version6, .reject)
      mark(.version4)
      // A fragment that is not the first has no ports.
      load(BPF_H | BPF_ABS, 6)
      test(BPF_JSET, 0x1fff, .reject, .next)
      add(BPF_LDX | BPF_B | BPF_MSH, 0)
      load(BPF_B | BPF_ABS, 9)
      test(BPF_JA, 0, .dispatch, .next)
      mark(.version6)
      add(BPF_LDX | BPF_IMM, 40)
      load(BPF_B | BPF_ABS, 6)
    case .transport(let ipProtocol):
      add(BPF_LDX | BPF_IMM, 0)
      load(BPF_IMM, UInt32(ipProtocol.rawValue))
    }
    mark(.dispatch)
    for ipProtocol in request.protocols {
      let label: Label = ipProtocol == .tcp ? .tcp : ipProtocol.hasPorts ? .ports : .accept
      test(BPF_JEQ, UInt32(ipProtocol.rawValue), label, .next)
    }
    test(BPF_JA, 0, .reject, .next)
    mark(.tcp)
    // What begins a connection, answers that or refuses it: flags SYN and RST.
    load(BPF_B | BPF_IND, 13)
    test(BPF_JSET, 0x06, .ports, .reject)
    mark(.ports)
    load(BPF_H | BPF_IND, 0)
    test(BPF_JGE, UInt32(request.firstPort), .next, .destination)
    test(BPF_JGT, UInt32(request.lastPort), .destination, .accept)
    mark(.destination)
    load(BPF_H | BPF_IND, 2)
    test(BPF_JGE, UInt32(request.firstPort), .next, .reject)
    test(BPF_JGT, UInt32(request.lastPort), .reject, .accept)
    mark(.accept)
    add(BPF_RET | BPF_K, Self.kept)
    mark(.reject)
    add(BPF_RET | BPF_K, 0)
  }

  /// Bytes of a packet that are read: both headers, and what an attempt says in its datagram.
  private static let kept: UInt32 = 160

  /// struct sock_filter.
  struct Instruction {
    let code: UInt16
    /// How many instructions are skipped where a test holds, and where not.
    let yes: UInt8
    let no: UInt8
    let value: UInt32
  }

  /// `nil`: a test would have to skip more than an instruction can say.
  var program: [Instruction]? {
    var program: [Instruction] = []
    for (index, line) in lines.enumerated() {
      func distance(_ label: Label) -> Int { label == .next ? 0 : (places[label] ?? index + 1) - index - 1 }
      if line.code == UInt16(BPF_JMP | BPF_JA) {
        program.append(Instruction(code: line.code, yes: 0, no: 0, value: UInt32(distance(line.yes))))
        continue
      }
      guard let yes = UInt8(exactly: distance(line.yes)), let no = UInt8(exactly: distance(line.no)) else {
        return nil
      }
      program.append(Instruction(code: line.code, yes: yes, no: no, value: line.value))
    }
    return program
  }

  private mutating func add(_ code: Int32, _ value: UInt32) {
    lines.append((UInt16(code), value, .next, .next))
  }

  private mutating func load(_ what: Int32, _ value: UInt32) { add(BPF_LD | what, value) }

  private mutating func test(_ what: Int32, _ value: UInt32, _ yes: Label, _ no: Label) {
    lines.append((UInt16(BPF_JMP | what), value, yes, no))
  }

  private mutating func mark(_ label: Label) { places[label] = lines.count }
}

extension Socket {
  func attach(_ filter: PacketFilter) throws(Errno) {
    guard let instructions = filter.program else { throw .invalidArgument }
    var program = instructions.map { sock_filter(code: $0.code, jt: $0.yes, jf: $0.no, k: $0.value) }
    guard unsafe sekisho_attach_filter(descriptor, &program, UInt16(program.count)) == 0 else { throw .last }
  }

  /// Packets that were lost because nobody took them in time; `nil`: the kernel does not say.
  var drops: Int? {
    let count = sekisho_drops(descriptor)
    return count < 0 ? nil : count
  }
}
