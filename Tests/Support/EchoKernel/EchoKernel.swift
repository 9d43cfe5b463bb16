package import Netlink

/// A kernel that lists what it was given: messages as of a dump, and what batches add. It deletes nothing and
/// refuses nothing, and everything is of one generation, so that nothing is asked for again.
package final class EchoKernel: Transport {
  package let portID: UInt32 = 7
  /// The batches that were sent, as they were sent.
  package private(set) var batches: [[UInt8]] = []
  private var generation: UInt8 = 1
  /// Payloads by type, and of elements by set.
  private var messages: [Key: [[UInt8]]] = [:]
  private var waiting: [[UInt8]] = []
  private var told = 0
  /// How often a table may still be asked for.
  private var patience: Int

  /// - Parameters:
  ///   - bytes: messages of nf_tables one behind the other.
  ///   - patience: how often a table may be asked for, by those who begin anew when a listing is torn.
  package init(listing bytes: [UInt8] = [], patience: Int = .max) {
    self.patience = patience
    take(SettledBatch(bytes))
  }

  private func take(_ batch: SettledBatch) {
    // Longer ones come in no datagram.
    for part in batch.parts where part.bytes.count <= 64 << 10 {
      let payload = Array(part.bytes[Message.headerLength...])
      messages[Key(part.header.type, payload, 4..<payload.count), default: []].append(payload)
    }
  }

  package func send(_ bytes: [UInt8]) throws(NetlinkError) {
    var cursor = MessageCursor(0..<bytes.count)
    guard let request = cursor.next(in: bytes.span) else { return }
    switch MessageKind(rawValue: request.type) {
    case .batchBegin: carryOut(bytes)
    case .getGeneration:
      let payload = [0, 0, 0, generation, 8, 0, 1, 0, 0, 0, 0, generation]
      waiting.append(message(.newGeneration, request.sequence, payload))
      acknowledge(request)
    case .getTable where patience == 0: throw .silence(doing: "list")
    case .getTable:
      patience -= 1
      list(request, bytes)
    default: list(request, bytes)
    }
  }

  private func carryOut(_ bytes: [UInt8]) {
    batches.append(bytes)
    generation &+= 1
    take(SettledBatch(bytes))
    var cursor = MessageCursor(0..<bytes.count)
    while let part = cursor.next(in: bytes.span) {
      if part.flags & Self.acknowledge != 0 { acknowledge(part) }
    }
  }

  private func list(_ request: Message, _ bytes: [UInt8]) {
    for payload in messages[Key(request.type - 1, bytes, request.payload.dropFirst(4))] ?? [] {
      let told = payload[..<2] + [0, generation] + payload[4...]
      waiting.append(message(request.type - 1, request.sequence, told))
    }
    if request.flags & Self.dump == Self.dump {
      waiting.append(message(.done, request.sequence, [0, 0, 0, 0]))
    } else {
      acknowledge(request)
    }
  }

  package func receive(into buffer: inout [UInt8], patience: Int32) -> Int? {
    guard told < waiting.count else { return nil }
    let bytes = waiting[told]
    told += 1
    buffer.replaceSubrange(0..<bytes.count, with: bytes)
    return bytes.count
  }

  private func acknowledge(_ request: Message) {
    waiting.append(
      message(.acknowledgement, request.sequence, [0, 0, 0, 0] + message(0, request.sequence, [])))
  }

  private func message(_ kind: MessageKind, _ sequence: UInt32, _ payload: [UInt8]) -> [UInt8] {
    message(kind.rawValue, sequence, payload)
  }

  private func message(_ type: UInt16, _ sequence: UInt32, _ payload: some Collection<UInt8>) -> [UInt8] {
    var writer = MessageWriter()
    let start = writer.beginMessage(type: type, flags: 0, sequence: sequence)
    writer.append(payload)
    writer.endMessage(start)
    return writer.bytes
  }

  private struct Key: Hashable {
    let type: UInt16
    let set: [UInt8]?

    init(_ type: UInt16, _ bytes: [UInt8], _ attributes: Range<Int>) {
      self.type = type
      set =
        type == MessageKind.newElements.rawValue
        ? AttributeTree.all(bytes, attributes)?.bytes(Field.elementsSet).map { Array($0.prefix { $0 != 0 }) }
        : nil
    }
  }

  private static let acknowledge: UInt16 = 4
  private static let dump: UInt16 = 0x300
}
