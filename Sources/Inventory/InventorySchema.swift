internal import JSONStrings

/// The language as a JSON Schema, for editors: keys, what they mean, and the form of values.
///
/// It is of one file of an inventory, and says what a file alone can show: names that another file declares, and what
/// follows from several values, only the loader knows. In the dialect that yaml-language-server knows best
/// (draft-07, https://json-schema.org/draft-07).
package enum InventorySchema {
  /// - Parameter version: of the program, which the schema names.
  /// - Returns: JSON, indented, with a line break at its end.
  package static func text(version: String) -> String {
    var members: [SchemaJSON.Member] = [
      ("$schema", .string("http://json-schema.org/draft-07/schema#")),
      ("$comment", .string("Written by sekisho \(version): `sekisho schema`.")),
      ("title", .string("A file of an inventory of sekisho")),
    ]
    members += MappingSchema.file.json
    return SchemaJSON.object(members).text + "\n"
  }
}

/// JSON whose members stand in the order in which they were written.
indirect enum SchemaJSON {
  typealias Member = (key: String, value: SchemaJSON)

  case string(String)
  case number(Int)
  case bool(Bool)
  case array([SchemaJSON])
  case object([Member])

  static func strings(_ texts: [String]) -> Self { .array(texts.map(Self.string)) }

  var text: String { text(indent: "") }

  private func text(indent: String) -> String {
    let inner = indent + "  "
    switch self {
    case .string(let text): return text.jsonString
    case .number(let number): return "\(number)"
    case .bool(let value): return "\(value)"
    case .array(let items):
      let isShort = items.allSatisfy { if case .object = $0 { false } else { true } }
      let texts = items.map { $0.text(indent: inner) }
      return isShort
        ? "[\(texts.joined(separator: ", "))]"
        : "[\n\(texts.map { inner + $0 }.joined(separator: ",\n"))\n\(indent)]"
    case .object(let members):
      let lines = members.map { "\(inner)\($0.key.jsonString): \($0.value.text(indent: inner))" }
      return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
    }
  }
}

extension MappingSchema {
  fileprivate var json: [SchemaJSON.Member] {
    let properties = keys.map { key -> SchemaJSON.Member in
      (key.keyword.rawValue, .object([("description", .string(key.meaning))] + key.value.json))
    }
    var members: [SchemaJSON.Member] = [
      ("type", .string("object")), ("properties", .object(properties)),
      ("additionalProperties", .bool(false)),
    ]
    let required = keys.filter(\.isRequired).map(\.keyword.rawValue)
    if !required.isEmpty { members.append(("required", .strings(required))) }
    return members + rulesInJSON
  }

  private var rulesInJSON: [SchemaJSON.Member] {
    var (members, dependencies): ([SchemaJSON.Member], [SchemaJSON.Member]) = ([], [])
    for rule in rules {
      switch rule {
      case .exactlyOne(let keywords):
        members.append(("oneOf", .array(keywords.map { .object([Self.required($0)]) })))
      case .atLeast(let count): members.append(("minProperties", .number(count)))
      case .needs(let key, let other):
        dependencies.append((key.rawValue, .strings([other.rawValue])))
      case .asksFor(let key, let word, let other):
        let isWord = SchemaJSON.object([(key.rawValue, .object([("const", .string(word))]))])
        members += [
          ("if", .object([("properties", isWord), Self.required(key)])),
          ("then", .object([Self.required(other)])),
        ]
      }
    }
    return dependencies.isEmpty ? members : members + [("dependencies", .object(dependencies))]
  }

  private static func required(_ keyword: Keyword) -> SchemaJSON.Member {
    ("required", .strings([keyword.rawValue]))
  }
}

extension ValueSchema {
  fileprivate var json: [SchemaJSON.Member] {
    switch self {
    // Readers take a number of a ticket for a number, which is the same text to all of them.
    case .text:
      [
        ("type", .strings(["string", "integer"])), ("pattern", .string("[^ \\t\\n]")),
        ("patternErrorMessage", .string("say it in a few words")), ("maxLength", .number(2000)),
      ]
    case .bool: [("type", .string("boolean"))]
    case .integer(let range):
      [
        ("type", .string("integer")), ("minimum", .number(range.lowerBound)),
        ("maximum", .number(range.upperBound)),
      ]
    case .words(let words): [("enum", .strings(words))]
    case .pattern(let pattern): [("type", .string("string"))] + pattern.json
    case .integerOr(let range, let pattern):
      Self.either([.integer(range), .pattern(pattern)]).json
    case .oneOrMore(let item):
      item.alternatives(
        beside: [
          ("type", .string("array")), ("items", .object(item.json)), ("minItems", .number(1)),
        ])
    case .list(let item, let count):
      [
        ("type", .string("array")), ("items", .object(item.json)), ("minItems", .number(count)),
        ("maxItems", .number(count)), ("uniqueItems", .bool(true)),
      ]
    case .mapping(let schema): schema.json
    case .named(let names, let value):
      [
        ("type", .string("object")), ("propertyNames", .object(names.json)),
        ("additionalProperties", .object(value.json)),
      ]
    case .orNothing(let form): form.alternatives(beside: [("type", .string("null"))])
    case .either(let forms): [("anyOf", .array(forms.map { .object($0.json) }))]
    }
  }

  private func alternatives(beside other: [SchemaJSON.Member]) -> [SchemaJSON.Member] {
    [("anyOf", .array([.object(json), .object(other)]))]
  }
}

extension TextPattern {
  /// With what yaml-language-server says where the pattern does not match.
  fileprivate var json: [SchemaJSON.Member] {
    [("pattern", .string(expression)), ("patternErrorMessage", .string("expected \(words)"))]
  }
}
