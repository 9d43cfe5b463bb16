internal import Addressing
internal import AgentProtocol
internal import Records

/// Something that was recorded, for programs.
struct RecordJSON: Encodable {
  /// Nothing: one of the host's own addresses, which is not recorded.
  let source: String?
  let sourceHost: String?
  let destination: String?
  let destinationHost: String?
  let `protocol`: String
  let port: UInt16?
  /// Type of a message, where it is recorded.
  let type: UInt8?
  /// As the inventory calls it.
  let service: String?
  let packets: UInt64
  let bytes: UInt64
  /// Seconds since the last packet.
  let lastSeen: Int
  /// Seconds since the first; nothing where it is not known.
  let firstSeen: Int?
  /// `no-flow` and the like; nothing without an inventory.
  let cause: String?
  /// The flow that the cause is about.
  let flow: String?
  let why: String?
  /// Whether all of it is of probes; nothing where it was not asked.
  let ofProbe: Bool?

  init(_ connection: RecordedConnection, ofProbe: Bool? = nil) {
    self.ofProbe = ofProbe
    source = connection.source.address.map { "\($0)" }
    sourceHost = connection.source.host
    destination = connection.destination.address.map { "\($0)" }
    destinationHost = connection.destination.host
    `protocol` = "\(connection.record.ipProtocol)"
    port = connection.record.port
    type = connection.record.type
    service = connection.namedService
    (packets, bytes) = (connection.packets, connection.bytes)
    (lastSeen, firstSeen) = (connection.age, connection.firstAge)
    (cause, flow) = (connection.cause?.code, connection.cause?.flow)
    why = connection.cause?.words
  }
}
