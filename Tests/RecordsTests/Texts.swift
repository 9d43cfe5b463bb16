import Addressing
import AgentProtocol
import Diagnostics
import Inventory
import Policy
import Records
import Testing

/// The policy of an inventory that is one text.
func policy(_ text: String) throws -> Policy {
  let loaded = Inventory.load([SourceFile(path: "inventory.yaml", bytes: Array(text.utf8))])
  return try #require(loaded.policy, "\(loaded.report.text(loaded.sources))")
}

/// `10.0.0.7 tcp/22`, `10.0.0.7 10.0.0.8 tcp/22`, `10.0.0.7 icmp`, `10.0.0.7 icmp/8`, `10.0.0.7 esp`.
func record(_ text: String) throws -> Recorded.Record {
  var words = text.split(separator: " ").map(String.init)
  let what = words.removeLast().split(separator: "/").map(String.init)
  let addresses = try words.map { try Address(parsing: $0) }
  let ipProtocol = try #require(IPProtocol(name: what[0]))
  let number = what.count == 2 ? what[1] : nil
  return Recorded.Record(
    peer: addresses[0], destination: addresses.count == 2 ? addresses[1] : nil, ipProtocol: ipProtocol,
    port: ipProtocol.hasPorts ? number.flatMap { UInt16($0) } : nil,
    type: ipProtocol.hasPorts ? nil : number.flatMap { UInt8($0) })
}

/// A direction that has recorded these, each with its number of packets and how many seconds ago the last one came.
func direction(
  _ hook: DirectionStatus.Direction, _ records: [(text: String, packets: UInt64, age: Int)]
) throws -> RecordList.Direction {
  RecordList.Direction(
    hook: hook, mode: .enforce, memory: 86_400, isFull: false,
    entries: try records.map {
      RecordList.Entry(try record($0.text), packets: $0.packets, bytes: 60 &* $0.packets, age: $0.age)
    }, untold: 0)
}
