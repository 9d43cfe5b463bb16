internal import JSONStrings

/// A value of a JSON text, as far as rulesets need it.
enum JSONValue: Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A number with a fraction or an exponent, or beyond 64 bits; rulesets have none.
  case otherNumber
  case string(String)
  case array([JSONValue])
  /// In the order of the text; every key once.
  case object([(key: String, value: JSONValue)])

  /// The value of a key of an object.
  subscript(_ key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  var string: String? { if case .string(let text) = self { text } else { nil } }
  var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
  var integer: Int64? { if case .integer(let number) = self { number } else { nil } }

  /// The key and value of an object that has only one.
  var onlyMember: (key: String, value: JSONValue)? {
    guard case .object(let members) = self, members.count == 1 else { return nil }
    return members[0]
  }

  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .otherNumber: "a number"
    case .string: "a text"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONValue {
  /// Reads one JSON text strictly.
  init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
    var reader = JSONReader(bytes)
    try self.init(&reader)
    try reader.end()
  }

  private init(_ reader: inout JSONReader) throws(JSONSyntaxError) {
    switch try reader.kind() {
    case .null:
      try reader.null()
      self = .null
    case .bool: self = .bool(try reader.bool())
    case .number: self = try reader.integer().map { .integer($0) } ?? .otherNumber
    case .string: self = .string(try reader.string())
    case .array:
      var values: [JSONValue] = []
      try reader.array { (reader) throws(JSONSyntaxError) in values.append(try JSONValue(&reader)) }
      self = .array(values)
    case .object:
      var members: [(key: String, value: JSONValue)] = []
      try reader.object { (reader, key) throws(JSONSyntaxError) in
        members.append((key, try JSONValue(&reader)))
      }
      self = .object(members)
    }
  }
}
