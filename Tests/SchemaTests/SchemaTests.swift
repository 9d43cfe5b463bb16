import Diagnostics
import Foundation
import Goldens
import Testing

@testable import Inventory

/// The language as an editor is told it, against the language as it is read.
@Suite(.enabled(if: Readers.obstacle == nil, "\(Readers.obstacle ?? "")")) struct SchemaTests {
  @Test func `what we write and show is YAML to all, of one value, and passes`() throws {
    let texts = try Corpus.accepted()
    for kind in [
      "inventory/", "examples/", "Tests/Golden/lint", "init, no", "README.md", "docs/first-day.md",
    ] {
      #expect(texts.contains { $0.name.hasPrefix(kind) }, "\(kind)")
    }
    #expect(texts.count > 100)
    for (text, answer) in zip(texts, try Readers.read(texts.map(\.text), compares: true)) {
      #expect(answer.unread == nil, "\(text.name)")
      #expect(answer.differs == nil, "\(text.name)")
      #expect(answer.faults ?? [] == [], "\(text.name)")
    }
  }

  /// Why no schema can know: the mistake is in no value alone.
  enum Unknowable {
    /// A name is not declared, or twice, or stands for something else.
    case names
    /// What selectors and networks come to, behind their names.
    case sets
    /// Addresses of several hosts, and numbers that have to fit each other.
    case arithmetic
    /// What is in no file.
    case files
    /// How a text is written: readers of YAML have forgotten it.
    case writing
  }

  static let unknowable: [String: Unknowable] = [
    "settings-left-alone": .sets, "tripwires-left-alone": .sets,
    "guards-names": .names, "internet-is-not-declared": .names, "one-name-twice": .names,
    "one-namespace": .names,
    "settings-management-unknown": .names, "settings-twice": .names, "two-files": .names,

    "flows-between-networks": .sets, "flows-without-a-family": .sets, "groups-cycle": .sets,
    "networks-cycle": .sets,
    "networks-empty": .sets, "selectors-of-an-empty-zone": .sets, "selectors-of-hosts-and-networks": .sets,
    "selectors-of-no-hosts": .sets, "selectors-that-select-nothing": .sets,
    "tripwires-that-count-nobody": .sets,

    "a-floating-address": .arithmetic, "hosts-one-address-twice": .arithmetic,
    "floating-addresses": .arithmetic, "ranges-over-budget": .arithmetic,
    "ranges-that-overlap": .arithmetic,

    "no-hosts": .files, "no-hosts-left": .files, "version-missing": .files,

    // `crown: no` and a key twice are what PyYAML reads otherwise.
    "a-very-long-line": .writing, "text-bidirectional": .writing, "text-byte-order-mark": .writing,
    "text-escaped-mask": .writing, "text-fillers": .writing, "text-escapes": .writing,
    "yaml-duplicate-key": .writing,
    "yaml-merge-key": .writing, "yaml-tag": .writing, "yaml-tag-directive": .writing,
  ]

  @Test func `what we refuse is refused by the schema, as far as one can know`() throws {
    var cases: [(name: String, texts: [String])] = []
    for name in Golden.names("reject") {
      cases.append((name, Corpus.files("Tests/Golden/reject/\(name)").map(\.text)))
    }
    let answers = try Readers.read(cases.flatMap(\.texts), compares: false)
    var (rest, passed): (ArraySlice<Readers.Answer>, Set<String>) = (answers[...], [])
    for (name, texts) in cases {
      let isGood = rest.prefix(texts.count).allSatisfy { $0.unread == nil && ($0.faults ?? []).isEmpty }
      // What is not UTF-8 is no text to begin with.
      if isGood, !texts.isEmpty { passed.insert(name) }
      rest = rest.dropFirst(texts.count)
    }
    #expect(cases.count > 100)
    #expect(passed.subtracting(Self.unknowable.keys).sorted() == [], "the schema knows nothing against these")
    #expect(Set(Self.unknowable.keys).subtracting(passed).sorted() == [], "the schema refuses these")
  }

  /// Texts without quotes, and what our reader takes them for. Of the last only readers of YAML 1.2 make a number.
  static let scalars: [(kind: PlainScalar, texts: [String])] = [
    (
      .text,
      [
        "abc", "7z", "a1", "10.20.1.11", "10.0.0.0/8", "1.2.3", "2001:db8::1", "1:99", "1:2:3:4:5:6:70:8",
        "::1", "0x",
        "0xg", "1e", "e1", "--", "..", "1 2", "12 closed doors", "90s", "8000-8099", "2027-03-31x", "2027-3",
        "-a",
        "nope", "no one", "tcp/22", "=a", ".a", "+",
      ]
    ),
    (.integer, ["0", "7", "4711", "123456789012345"]),
    (.moment, ["2027-03-31", "2027-03-31T18:00:00Z"]),
    (
      .other,
      [
        "no", "No", "NO", "yes", "on", "off", "TRUE", "False", "null", "~", "0123", "00", "+5", "-5", "1_000",
        "0x1f", "0b11",
        "12:30", "1:2:3:4:5:6:7:8", "2001:10:20:30:40:50:1:2", "1.0", ".5", "1.", "1.5e+3", ".inf", "-.Inf",
        ".nan", "12:30.5",
      ]
    ),
    (.other, ["1e3", "0o17", "09", "y", "N", "1.5e3", "1234567890123456"]),
  ]

  @Test func `a text without quotes is one to all of them, or to nobody`() throws {
    for (index, (kind, texts)) in Self.scalars.enumerated() {
      let answers = try Readers.read(texts.map { "value: \($0)\n" }, compares: true)
      for (text, answer) in zip(texts, answers) {
        #expect(PlainScalar(Array(text.utf8)[...]) == kind, "\(text)")
        #expect(answer.unread == nil, "\(text)")
        let isNull = text == "~" || text == "null"
        #expect((answer.differs == nil) == (index != 3 || isNull || text == "-5"), "\(text) \(answer)")
      }
    }
  }
}

extension SchemaTests {
  /// Texts with brackets, in the places where YAML ends a text at them and where it does not.
  static let bracketed = [
    "a: b-[1..3]", "a-[1..3]: x", "- a[1]", "a: x [1..3]", "a: 10.0.0.[1..3]", "a: 2001:db8::[1..3]",
    "a:[1..2]: b",
    "a: b[1..2][3..4]", "a: 'x[1..2]'", "a: [\"x[1..2]\", 'y[3]']", "a: >\n  x[1..3]\n", "a: x[1..2] # [c]",
    "a: [b] # x[1..2]", "a: [b, # x[1..2]\n c]", "a: {b: \"c[1..2]\"}", "a: x,[1..2]", "a: x#[1..2]",
    "a: x\n  y[1..2]",
    "{a: b-[1..3]}", "[a-[1..3]]", "a: [b[1..3]c]", "a: {b[1..2]: c}", "a: [x [1..3]]",
    "a: [2001:db8::[1..3]]",
    "{a:[1..2]}", "a: [b, c[1]]", "? a[1..2]\n: b", "a: &x[1..2] b", "a: !x[1..2] b", "a: @x[1..2]",
    "a: ]x[1]",
    "a: [b\n  c[1..2]]", "a: |\n  [x[1]]\n", "a: {b: [c], d: e[1..2]}", "%x[1] y", "a: `x[1]", "--- a[1..2]",
  ]

  @Test func `a bracket in a word is read as by all, or refused`() throws {
    let read = Self.bracketed.filter { Readers.tree(of: $0) != nil }
    #expect(read.count > 15 && read.count < Self.bracketed.count - 10)
    for (text, answer) in zip(read, try Readers.read(read, compares: true)) {
      #expect(answer.unread == nil && answer.differs == nil, "\(text)")
    }
  }
}

/// One place says which keys there are.
@Suite struct SchemaKeyTests {
  @Test func `keys are read by the schema alone`() throws {
    for file in try FileManager.default.contentsOfDirectory(atPath: "\(Golden.root)/Sources/Inventory")
    where file.hasSuffix(".swift") && file != "MappingSchema.swift" {
      let text = try String(contentsOfFile: "\(Golden.root)/Sources/Inventory/\(file)", encoding: .utf8)
      #expect(!text.contains("Keyword(entry.symbol)"), "\(file) reads keys that no schema knows")
    }
  }

  /// Mappings of the language, each as its place in a file: what stands around it.
  private static func places(_ value: ValueSchema, _ around: @escaping (String) -> String)
    -> [(schema: MappingSchema, around: (String) -> String)]
  {
    switch value {
    case .mapping(let schema):
      let below = schema.keys.flatMap { key in
        places(key.value) { text in around("{\(Self.beside(key.keyword))\"\(key.keyword)\": \(text)}") }
      }
      return [(schema, around)] + below
    case .named(_, let value): return places(value) { around("{\"x\": \($0)}") }
    case .oneOrMore(let value), .list(let value, _): return places(value) { around("[\($0)]") }
    case .orNothing(let value): return places(value, around)
    case .either(let values): return values.flatMap { places($0, around) }
    case .text, .bool, .integer, .words, .pattern, .integerOr: return []
    }
  }

  /// What has to stand beside a key for the value to be read.
  private static func beside(_ keyword: Keyword) -> String {
    keyword == .routes ? "\"forwarding\": gateway, " : ""
  }

  @Test func `the parser knows every key that editors are told of, and no other`() throws {
    let places = Self.places(.mapping(.file)) { $0 }
    #expect(places.count > 15)
    for (schema, around) in places {
      for key in schema.names + ["nosuch"] {
        let text = around("{\"\(key)\": \"?\"}")
        let report = Inventory.load([SourceFile(path: "a.yaml", bytes: Array(text.utf8))]).report
        let isUnknown = report.diagnostics.contains {
          $0.message == "the key `\(key)` is not known in \(schema.what)"
        }
        #expect(isUnknown == (key == "nosuch"), "\(text)")
      }
    }
  }

  @Test func `the parser misses what editors are told to want, and no other`() {
    for (schema, around) in Self.places(.mapping(.file), { $0 }) {
      let required = schema.keys.filter(\.isRequired)
      func told(without key: Keyword?) -> Set<String> {
        let written = required.filter { $0.keyword != key }.map {
          "\"\($0.keyword)\": \($0.value.takesList ? "[a, b]" : "x")"
        }
        let text = around("{\(written.joined(separator: ", "))}")
        let report = Inventory.load([SourceFile(path: "a.yaml", bytes: Array(text.utf8))]).report
        return Set(report.diagnostics.map { "\($0.message) \($0.help ?? "")" })
      }
      let whole = told(without: nil)
      for key in schema.keys {
        let word = key.keyword.rawValue
        if key.isRequired {
          let missed = told(without: key.keyword).subtracting(whole)
          #expect(
            missed.contains { $0.contains("`\(word)") || $0.contains("{\(word):") }, "\(schema.what): \(word)"
          )
        } else {
          #expect(!whole.contains { $0.contains(" has no `\(word)`") }, "\(schema.what): \(word)")
        }
      }
    }
  }
}
