internal import Addressing
internal import AgentProtocol
internal import Glibc
internal import Operations
internal import Policy
internal import Records
internal import Synchronization

/// Reads what hosts have recorded while others still answer: one reader for each processor, because each compiles what it
/// explains.
final class RecordReaders: Sendable {
  private final class Slot: Sendable {
    let reader: Mutex<RecordReader>

    init(_ reader: sending RecordReader) { self.reader = Mutex(reader) }
  }

  private let slots: [Slot]
  private let next = Atomic(0)

  /// - Parameter names: the hosts that have addresses.
  init(_ names: [Address: String], _ policy: Policy?) {
    let now = Timestamp.current()
    slots = (0..<max(1, min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 16))).map { _ in
      Slot(RecordReader(names: names, policy: policy, now: now))
    }
  }

  /// The connections of one direction of a host.
  func connections(
    _ recorded: RecordList.Direction, at host: String, since seconds: Int?
  ) -> [RecordedConnection] {
    let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return slots[turn % slots.count].reader.withLock { $0.connections(recorded, at: host, since: seconds) }
  }
}
