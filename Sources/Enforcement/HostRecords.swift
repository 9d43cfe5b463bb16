internal import Addressing
internal import AgentProtocol
internal import Glibc
internal import Machine
internal import Nftables
internal import NftablesNetlink
internal import RulesetShape

extension LocalHost {
  /// What the table of this host has recorded in directions that it only observes and that the wanted table enforces, as
  /// far as the wanted table denies it.
  func recorded(
    _ installed: InstalledTable?, wanted: Table, _ kernel: any HostKernel
  ) throws(ReadError) -> [Recorded] {
    guard let table = installed?.table else { return [] }
    var result: [Recorded] = []
    for side in Side.allCases {
      guard let before = table.base(side), table.mode(of: before) == .observe,
        let end = table.ending(of: before),
        let after = wanted.base(side), wanted.mode(of: after) == .enforce
      else { continue }
      let judge = RecordJudge(wanted, side)
      var memory: UInt64 = 0
      var denied: Set<Recorded.Record> = []
      for name in table.records(of: end) {
        guard case .records(_, let kind, let family)? = SetMeaning(name), let set = table.set(name) else {
          continue
        }
        memory = max(memory, set.timeout ?? 0)
        for key in try kernel.elementKeys(of: name, family: self.family, table: self.name) {
          guard let record = Recorded.Record(key, side, family, kind), judge.denies(record)
          else {
            continue
          }
          denied.insert(record)
        }
      }
      result.append(
        Recorded(
          hook: DirectionStatus.Direction(side), memory: Int(clamping: memory / 1000), count: denied.count,
          first: Array(denied.sorted().prefix(Recorded.mostTold))))
    }
    return result
  }
}

/// Sends packets such as were recorded through a table.
private struct RecordJudge {
  private let evaluator: Evaluator
  private let side: Side
  private let own: [Address]
  private let time: UInt64

  init(_ table: Table, _ side: Side) {
    evaluator = Evaluator(table)
    self.side = side
    // Any address of the host will do, none as well.
    own = (try? Interfaces.addresses()) ?? []
    time = UInt64(max(0, Glibc.time(nil))) * 1_000_000_000
  }

  func denies(_ record: Recorded.Record) -> Bool {
    // Which address of its own the host was asked at, or asked from, is not recorded, and no rule asks for it.
    let here =
      own.first { $0.family == record.peer.family && !$0.isOfLoopback } ?? Address(record.peer.family, 0)
    let (source, destination) =
      switch side {
      case .input: (record.peer, here)
      case .output: (here, record.peer)
      case .forward: (record.peer, record.destination ?? here)
      }
    var packet = Packet(
      from: source, to: destination, record.ipProtocol, transport: record.firstBytes,
      inputInterface: side == .output ? nil : Packet.loopback + 1,
      outputInterface: side == .input ? nil : Packet.loopback + 1)
    packet.time = time
    packet.localAddresses = own
    return evaluator.evaluate(packet, at: side.hook).verdict != .accept
  }
}

extension Recorded.Record {
  /// The parts of a key: addresses, then the protocol and the port, the type of a message, or the protocol, each in four
  /// bytes or more (`nft_set_ext_key`).
  ///
  /// - Returns: `nil` of a key that is none of such a set's.
  fileprivate init?(_ key: [UInt8], _ side: Side, _ family: AddressFamily, _ kind: RecordKind) {
    let ends = side == .forward ? 2 : 1
    let width = family.byteCount
    guard key.count == ends * width + (kind == .ports ? 8 : 4),
      let peer = Address(networkBytes: key[..<width])
    else { return nil }
    let rest = Array(key[(ends * width)...])
    let messages: IPProtocol = family == .ipv4 ? .icmp : .icmpv6
    self.init(
      peer: peer, destination: ends == 2 ? Address(networkBytes: key[width..<(2 * width)]) : nil,
      ipProtocol: kind == .messages ? messages : IPProtocol(rawValue: rest[0]),
      port: kind == .ports ? UInt16(rest[4]) << 8 | UInt16(rest[5]) : nil,
      type: kind == .messages ? rest[0] : nil)
  }

  /// What would begin such a connection.
  fileprivate var firstBytes: [UInt8] {
    if let port { return Packet.transportHeader(ipProtocol, source: 49152, destination: port) }
    return [type ?? 0, 0, 0, 0, 0, 0, 0, 0]
  }
}

extension Address {
  fileprivate var isOfLoopback: Bool {
    Prefix.ipv4Loopback.contains(self) || Prefix.ipv6Loopback.contains(self)
  }
}
