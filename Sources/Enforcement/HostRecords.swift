internal import Addressing
package import AgentProtocol
internal import Glibc
internal import Machine
internal import Nftables
internal import NftablesNetlink
internal import RulesetShape

extension LocalHost {
  /// What the table of this host has recorded in directions that it only observes and that the wanted table enforces, as
  /// far as the wanted table denies it.
  func recorded(
    _ installed: InstalledTable?, wanted: Table,
    remembering remembered: (DirectionStatus.Direction) -> (records: [Recorded.Record], memory: Int)?,
    _ kernel: any HostKernel
  ) throws(ReadError) -> [Recorded] {
    guard let table = installed?.table else { return [] }
    var result: [Recorded] = []
    for side in Side.allCases {
      guard let before = table.base(side), table.mode(of: before) == .observe,
        let end = table.ending(of: before),
        let after = wanted.base(side), wanted.mode(of: after) == .enforce
      else { continue }
      let judge = RecordJudge(wanted, side)
      let found = try found(in: table.records(of: end, side), kernel)
      let hook = DirectionStatus.Direction(side)
      let earlier = remembered(hook)
      let all = Set(found.elements.keys).union(earlier?.records ?? [])
      let denied = all.filter { judge.denies($0) }
      result.append(
        Recorded(
          hook: hook, memory: max(Int(clamping: found.memory / 1000), earlier?.memory ?? 0),
          count: denied.count, first: Array(denied.sorted().prefix(Recorded.mostTold))))
    }
    return result
  }

  /// What the table of this host has recorded, in each direction that it judges.
  ///
  /// - Throws: ``AgentProtocol/AgentFailure``; where nothing is enforced nothing is recorded.
  package func records() throws(AgentFailure) -> RecordList {
    let list = try reading { (kernel) throws(ReadError) in try records(kernel) }
    guard let list else {
      throw AgentFailure(.refused, "nothing is enforced on this host: nothing is denied, or recorded")
    }
    return list
  }

  private func records(_ kernel: any HostKernel) throws(ReadError) -> RecordList? {
    guard let installed = try kernel.table(family, name) else { return nil }
    let table = installed.table
    let isOnTrial = try kernel.timeLeft(of: TrialName.clock, family: family, table: name) != nil
    var directions: [RecordList.Direction] = []
    for side in Side.allCases {
      if table.leavesAlone(side, isOnTrial: isOnTrial) {
        directions.append(.leftAlone(DirectionStatus.Direction(side)))
        continue
      }
      guard let base = table.base(side) else { continue }
      let trial = isOnTrial ? table.chain(TrialName.chain(base.name.text)) : nil
      guard let end = table.ending(of: trial ?? base) else {
        directions.append(
          RecordList.Direction(
            hook: DirectionStatus.Direction(side), mode: .unknown, memory: 0, isFull: false, entries: [],
            untold: 0))
        continue
      }
      let found = try found(in: table.records(of: end, side), kernel)
      let latest = found.elements.sorted { a, b in
        a.value.age == b.value.age ? a.key < b.key : a.value.age < b.value.age
      }
      let told = latest.prefix(RecordList.most).map { record, element in
        RecordList.Entry(
          record, packets: element.counter.packets, bytes: element.counter.bytes,
          age: Int(clamping: element.age / 1000),
          // The only packet was the first.
          firstAge: element.counter.packets == 1 ? Int(clamping: element.age / 1000) : nil)
      }
      directions.append(
        RecordList.Direction(
          hook: DirectionStatus.Direction(side),
          mode: DirectionStatus.Mode(trial == nil ? table.mode(of: base) : end.mode),
          memory: Int(clamping: found.memory / 1000), isFull: found.isFull,
          unrecorded: installed.unrecorded(behind: end), entries: told,
          untold: latest.count - told.count))
    }
    return RecordList(directions: directions)
  }

  /// Everything that some sets have recorded.
  private func found(in sets: [NamedSet], _ kernel: any HostKernel) throws(ReadError) -> FoundRecords {
    var found = FoundRecords()
    for set in sets {
      found.memory = max(found.memory, set.timeout ?? 0)
      let elements = try kernel.elementStates(of: set.name, family: family, table: name)
      if let size = set.size, size > 0, elements.count >= Int(size) { found.isFull = true }
      for element in elements {
        guard let key = RecordKey(element.key, of: set) else { continue }
        let stay = element.timeout ?? set.timeout ?? 0
        let age = stay - min(stay, element.timeLeft ?? stay)
        let record = Recorded.Record(key)
        // What moves while it is listed is listed twice; the later one knows more.
        if let known = found.elements[record], known.age < age { continue }
        found.elements[record] = (age, element.counter ?? CounterValues(packets: 0, bytes: 0))
      }
    }
    return found
  }
}

/// What sets of records have.
private struct FoundRecords {
  /// Milliseconds since the last packet, and how many there were.
  var elements: [Recorded.Record: (age: UInt64, counter: CounterValues)] = [:]
  /// For how long the longest-lived are kept, in milliseconds.
  var memory: UInt64 = 0
  /// Whether there is no room in one of them.
  var isFull = false
}

extension Table {
  /// The sets in which a denying chain of a side records.
  fileprivate func records(of end: Chain, _ side: Side) -> [NamedSet] {
    records(of: end).compactMap { set($0) }.filter { $0.recordedSide == side }
  }
}

extension DirectionStatus.Mode {
  /// - Parameter mode: `nil`: the rules are not what was compiled.
  init(_ mode: SideMode?) {
    self =
      switch mode {
      case .enforce: .enforce
      case .observe: .observe
      case nil: .unknown
      }
  }
}

extension Chain {
  /// That of a chain in which everything ends that is not allowed; a chain that judges on trial has no policy beside it.
  var mode: SideMode? {
    rules.last.flatMap(Denial.init).map { $0 == .observe ? SideMode.observe : .enforce }
  }
}

/// Sends packets such as were recorded through a table.
private struct RecordJudge {
  private let evaluator: Evaluator
  private let side: Side
  private let own: [Address]
  private let time: UInt64

  init(_ table: Table, _ side: Side) {
    evaluator = Evaluator(table.withNobodyCut)
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
  fileprivate init(_ key: RecordKey) {
    self.init(
      peer: key.peer, destination: key.destination, ipProtocol: key.ipProtocol, port: key.port,
      type: key.type)
  }

  /// What would begin such a connection; of messages whose type is not recorded, an echo request.
  fileprivate var firstBytes: [UInt8] {
    if let port { return Packet.transportHeader(ipProtocol, source: 49152, destination: port) }
    return [type ?? (ipProtocol == .icmpv6 ? 128 : ipProtocol == .icmp ? 8 : 0), 0, 0, 0, 0, 0, 0, 0]
  }
}

extension Address {
  fileprivate var isOfLoopback: Bool {
    Prefix.ipv4Loopback.contains(self) || Prefix.ipv6Loopback.contains(self)
  }
}
