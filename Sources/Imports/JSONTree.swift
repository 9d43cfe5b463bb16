internal import JSONStrings

/// A value of JSON as a whole, where its shape is not known beforehand.
indirect enum JSONTree: Hashable {
  /// `null`, truth values, and numbers that are no whole ones.
  case other
  case integer(Int64)
  case string(String)
  case array([JSONTree])
  case object([String: JSONTree])

  init(_ reader: inout JSONReader) throws(JSONSyntaxError) {
    switch try reader.kind() {
    case .null, .bool:
      try reader.skip()
      self = .other
    case .number: self = try reader.integer().map { .integer($0) } ?? .other
    case .string: self = .string(try reader.string())
    case .array:
      var values: [JSONTree] = []
      try reader.array { (reader) throws(JSONSyntaxError) in values.append(try JSONTree(&reader)) }
      self = .array(values)
    case .object:
      var members: [String: JSONTree] = [:]
      try reader.object { (reader, key) throws(JSONSyntaxError) in members[key] = try JSONTree(&reader) }
      self = .object(members)
    }
  }

  subscript(key: String) -> JSONTree? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// None where it is no array.
  var values: [JSONTree] { if case .array(let values) = self { values } else { [] } }

  /// None where it is no object; by key.
  var members: [(key: String, value: JSONTree)] {
    if case .object(let members) = self { members.sorted { $0.key < $1.key } } else { [] }
  }

  /// A text that is not empty, or a number as one.
  var text: String? {
    switch self {
    case .string(let text): text.isEmpty ? nil : text
    case .integer(let number): "\(number)"
    case .other, .array, .object: nil
    }
  }

  /// A text, or those of a list.
  var texts: [String] { text.map { [$0] } ?? values.compactMap(\.text) }
}
