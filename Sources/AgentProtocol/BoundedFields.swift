/// A number that is not negative and within reason: sums of such numbers do not overflow.
@propertyWrapper
package struct BoundedCount: Hashable, Sendable, Codable {
  package var wrappedValue: Int

  package init(wrappedValue: Int) { self.wrappedValue = wrappedValue }

  package init(from decoder: any Decoder) throws {
    wrappedValue = try decoder.singleValueContainer().decode(Int.self)
    guard Bounds.isCount(wrappedValue) else { throw decoder.mistake("not a count") }
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(wrappedValue)
  }
}

/// A name or a word, cut where it is too long.
@propertyWrapper
package struct BoundedWord: Hashable, Sendable, Codable {
  package var wrappedValue: String

  package init(wrappedValue: String) { self.wrappedValue = wrappedValue }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    wrappedValue = Bounds.clamped(text, to: Bounds.word)
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(wrappedValue)
  }
}

/// A name or a word that may be missing, cut where it is too long.
@propertyWrapper
package struct BoundedOptionalWord: Hashable, Sendable, Codable {
  package var wrappedValue: String?

  package init(wrappedValue: String?) { self.wrappedValue = wrappedValue }

  package init(from decoder: any Decoder) throws {
    wrappedValue = try BoundedWord(from: decoder).wrappedValue
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(wrappedValue)
  }
}

// What is missing has no key. Synthesized code of this module calls these ahead of the general ones.

extension KeyedDecodingContainer {
  func decode(_ type: BoundedOptionalWord.Type, forKey key: Key) throws -> BoundedOptionalWord {
    try decodeIfPresent(type, forKey: key) ?? BoundedOptionalWord(wrappedValue: nil)
  }
}

extension KeyedEncodingContainer {
  mutating func encode(_ word: BoundedOptionalWord, forKey key: Key) throws {
    try encodeIfPresent(word.wrappedValue, forKey: key)
  }
}

/// A list that is not too long; one that is costs no more than its bound.
@propertyWrapper
package struct BoundedList<Element: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
  package var wrappedValue: [Element]

  package init(wrappedValue: [Element]) { self.wrappedValue = wrappedValue }

  package init(from decoder: any Decoder) throws {
    var rest = try decoder.unkeyedContainer()
    var elements: [Element] = []
    while !rest.isAtEnd {
      guard elements.count < Bounds.list else { throw decoder.mistake("more than \(Bounds.list)") }
      elements.append(try rest.decode(Element.self))
    }
    wrappedValue = elements
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(wrappedValue)
  }
}

extension Decoder {
  fileprivate func mistake(_ what: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: codingPath, debugDescription: what))
  }
}
