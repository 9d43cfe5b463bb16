internal import Addressing
internal import AgentProtocol
internal import Diagnostics

extension Recorded {
  /// What a host has recorded and will deny.
  ///
  /// - Parameters:
  ///   - owners: the hosts that have addresses.
  ///   - note: what there is to say of it.
  func entry(at host: String, _ owners: [Address: String], note: String = "") -> Entry {
    let told = count == 0 ? "nothing" : counted(count, "peer and port", "peers and ports")
    let names = listed(first.map { $0.words(owners) }, of: count)
    return Entry(
      count == 0 ? nil : .closes,
      "\(host) \(hook.rawValue): recorded in \(time) and denied from now on: \(told)\(names.isEmpty ? "" : " (\(names))")",
      note: note)
  }

  private var time: String {
    memory == 86_400
      ? "the last day"
      : memory % 86_400 == 0 ? "the last \(memory / 86_400) days" : "the last \(memory / 60) minutes"
  }
}

extension Recorded.Record {
  /// `web-1 tcp/5432`.
  fileprivate func words(_ owners: [Address: String]) -> String {
    let ends = [peer, destination].compactMap { $0.map { owners[$0] ?? "\($0)" } }.joined(separator: " → ")
    return "\(ends) \(ipProtocol.text(port: port, type: type, peer.family))"
  }
}

/// The same for programs.
struct DeniedJSON: Encodable {
  struct Record: Encodable {
    let peer: String
    let destination: String?
    let `protocol`: String
    let port: UInt16?
    let type: UInt8?
  }

  let hook: String
  let seconds: Int
  let count: Int
  /// The first of them.
  let records: [Record]

  init(_ recorded: Recorded) {
    (hook, seconds, count) = (recorded.hook.rawValue, recorded.memory, recorded.count)
    records = recorded.first.map { record in
      Record(
        peer: "\(record.peer)", destination: record.destination.map { "\($0)" },
        protocol: "\(record.ipProtocol)", port: record.port, type: record.type)
    }
  }
}
