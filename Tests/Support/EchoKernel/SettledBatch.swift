package import Netlink

/// The messages of a batch with what only the kernel knows put in: the numbers in the names of anonymous
/// sets, the handles of rules, and what counters have counted: nothing.
package struct SettledBatch: Sendable {
  /// A message and its attributes.
  package struct Part: Sendable {
    package let header: Message
    /// With its header.
    package let bytes: [UInt8]

    package var kind: MessageKind? { MessageKind(rawValue: header.type) }
  }

  package let parts: [Part]

  /// - Parameters:
  ///   - bytes: messages one behind the other; those that nf_tables has no part in are left out.
  ///   - rules: how many rules have handles already.
  package init(_ bytes: [UInt8], rules: UInt8 = 0) {
    var cursor = MessageCursor(0..<bytes.count)
    var names = Names(rules: rules)
    var parts: [Part] = []
    while let header = cursor.next(in: bytes.span) {
      let payload = header.payload
      guard header.type >> 8 == 10, payload.count >= 4,
        let attributes = AttributeTree.all(bytes, payload.lowerBound + 4..<payload.upperBound)
      else { continue }
      var writer = MessageWriter()
      let start = writer.beginMessage(type: header.type, flags: header.flags, sequence: header.sequence)
      writer.append(bytes[payload.prefix(4)])
      for attribute in names.settle(attributes, MessageKind(rawValue: header.type)) {
        attribute.write(to: &writer)
      }
      writer.endMessage(start)
      parts.append(Part(header: header, bytes: writer.bytes))
    }
    self.parts = parts
  }
}

/// Gives names to the anonymous sets of a transaction.
private struct Names {
  /// By the number that the transaction gives a set (`NFTA_SET_ID`).
  private var names: [[UInt8]: [UInt8]] = [:]
  private var rules: UInt8

  init(rules: UInt8) { self.rules = rules }

  mutating func settle(_ attributes: [AttributeTree], _ kind: MessageKind?) -> [AttributeTree] {
    var attributes = attributes
    switch kind {
    case .newSet:
      guard let id = attributes.bytes(Field.setID), let name = attributes.bytes(Field.setName) else { break }
      let text = String(decoding: name, as: UTF8.self)
      names[id] = Array(text.replacing("%d", with: "\(names.count)").utf8)
      attributes[Field.setName] = names[id].map { .bytes($0) }
    case .newElements:
      if let id = attributes.bytes(Field.elementsSetID), let name = names[id] {
        attributes[Field.elementsSet] = .bytes(name)
      }
    case .newRule:
      if let list = attributes.nested(Field.expressions) {
        attributes[Field.expressions] = .nested(list.map(settle))
      }
      if attributes[Field.ruleHandle] == nil {
        rules &+= 1
        attributes[Field.ruleHandle] = .bytes([0, 0, 0, 0, 0, 0, 0, rules])
      }
    default: break
    }
    return attributes
  }

  private func settle(_ expression: AttributeTree) -> AttributeTree {
    guard case .nested(var parts) = expression.content, var data = parts.nested(Field.expressionData),
      let name = parts.bytes(Field.expressionName)
    else { return expression }
    switch String(decoding: name, as: UTF8.self) {
    case "lookup\0":
      if let id = data.bytes(Field.lookupSetID), let name = names[id] {
        data[Field.lookupSet] = .bytes(name)
      }
    case "counter\0" where data.isEmpty:
      data[Field.counterBytes] = .bytes([UInt8](repeating: 0, count: 8))
      data[Field.counterPackets] = .bytes([UInt8](repeating: 0, count: 8))
    case "dynset\0":
      for (index, part) in data.enumerated() where part.type == Field.dynamicExpression {
        data[index] = settle(part)
      }
      if let list = data.nested(Field.dynamicExpressions) {
        data[Field.dynamicExpressions] = .nested(list.map(settle))
      }
    default: return expression
    }
    parts[Field.expressionData] = .nested(data)
    return AttributeTree(type: expression.type, content: .nested(parts))
  }
}

/// `NFTA_*`, linux/netfilter/nf_tables.h.
enum Field {
  static let setName: UInt16 = 2
  static let setID: UInt16 = 10
  static let elementsSet: UInt16 = 2
  static let elementsSetID: UInt16 = 4
  static let expressions: UInt16 = 4
  static let ruleHandle: UInt16 = 3
  static let expressionName: UInt16 = 1
  static let expressionData: UInt16 = 2
  static let lookupSet: UInt16 = 1
  static let lookupSetID: UInt16 = 4
  static let counterBytes: UInt16 = 1
  static let counterPackets: UInt16 = 2
  static let dynamicExpression: UInt16 = 7
  static let dynamicExpressions: UInt16 = 10
}
