internal import Addressing
internal import Nftables

/// Links that rules do not tell apart by their names.
struct LinkClass: Hashable {
  /// As rules call them: `docker0`, `br-*`; empty: every link that none of them calls by name.
  let names: [String]
  /// A name that stands for all of them.
  let example: String

  /// By which a host hears what it sends itself. None of the others.
  static let loopback = LinkClass(names: ["lo"], example: "lo")

  /// Whether rules ask which link it is, by name or by number.
  static func isAskedFor(in tables: [Table], by keys: [MetaKey]) -> Bool {
    func asks(_ expression: Expression) -> Bool {
      switch expression {
      case .meta(let key, _): keys.contains(key)
      case .matchExtension(let match): match.ways.contains { $0.contains(where: asks) }
      default: false
      }
    }
    return tables.contains {
      $0.chains.contains { $0.rules.contains { $0.expressions.contains(where: asks) } }
    }
  }

  /// More names than these are not told apart.
  private static let most = 64

  /// The links of a host, as far as rules tell them apart where they ask for the name of one; the loopback's is none.
  ///
  /// - Parameter key: ``MetaKey/inputInterfaceName`` or ``MetaKey/outputInterfaceName``.
  /// - Returns: `nil` where they are too many.
  static func all(in tables: [Table], by key: MetaKey) -> [LinkClass]? {
    var asked = AskedNames(key)
    for table in tables {
      for rule in table.chains.flatMap(\.rules) { asked.read(rule.expressions, in: table) }
    }
    guard asked.ranges.count <= most, asked.questions.count <= most else { return nil }
    // Between two ends next to each other, all names are in the same ranges.
    let loopback = linkRange(Array("lo\0".utf8), Array("lo\0".utf8)).lowerBound
    var starts: Set<UInt128> = [0, loopback, loopback + 1]
    for range in asked.ranges {
      starts.insert(range.lowerBound)
      if range.upperBound < .max { starts.insert(range.upperBound + 1) }
    }
    let ascending = starts.sorted()
    var classes: [[Int]: (names: [String], example: String)] = [:]
    var order: [[Int]] = []
    for (index, start) in ascending.enumerated() {
      let end = index + 1 < ascending.count ? ascending[index + 1] - 1 : .max
      guard let example = linkName(within: start...end), example != "lo" else { continue }
      let answers = asked.questions.indices.filter { asked.questions[$0].contains(start) }
      let name = asked.ranges.filter { $0.contains(start) }.min {
        $0.upperBound - $0.lowerBound < $1.upperBound - $1.lowerBound
      }.map(linkText)
      if classes[answers] == nil {
        order.append(answers)
        classes[answers] = ([], example)
      }
      // A class is called by what rules name, as long as they name anything of it.
      if let name, !answers.isEmpty, classes[answers]?.names.contains(name) == false {
        classes[answers]?.names.append(name)
      }
    }
    return order.compactMap { classes[$0].map { LinkClass(names: $0.names.sorted(), example: $0.example) } }
  }
}

/// What rules ask the name of a link.
private struct AskedNames {
  private let key: MetaKey
  /// For each question the names to which the answer is yes, every one once.
  private(set) var questions: [IntervalSet<UInt128>] = []
  /// The names that they are made of, as somebody wrote them.
  private(set) var ranges: Set<ClosedRange<UInt128>> = []

  init(_ key: MetaKey) { self.key = key }

  mutating func read(_ expressions: [Expression], in table: Table) {
    var named: Set<Register> = []
    for expression in expressions {
      switch expression {
      case .meta(let key, let into) where key == self.key: named.insert(into)
      case .meta(_, let into), .payload(_, _, _, let into), .bitwise(_, let into, _, _),
        .shift(_, let into, _, _, _), .byteorder(_, let into, _, _, _), .immediate(let into, _),
        .conntrack(_, _, let into), .fib(_, _, let into):
        named.remove(into)
      case .compare(let sign, let register, let value) where named.contains(register):
        let isOfOne = sign == .equal || sign == .notEqual
        ask([linkRange(isOfOne ? value : [0], value)])
      case .range(_, let register, let from, let to) where named.contains(register):
        ask([linkRange(from, to)])
      case .lookup(.named(let name), _, _, _):
        if let set = table.set(name) { look(in: set.elements, set.key) }
      case .lookup(.inline(let set), _, _, _): look(in: set.elements, set.key)
      case .matchExtension(let match): for way in match.ways { read(way, in: table) }
      default: break
      }
    }
  }

  private mutating func ask(_ some: [ClosedRange<UInt128>]) {
    ranges.formUnion(some)
    let question = IntervalSet(some)
    if !questions.contains(question) { questions.append(question) }
  }

  /// Of a concatenation, and where keys lead to different things, each element is a question of its own.
  private mutating func look(in elements: SetElements, _ key: [DataType]) {
    var offset = 0
    for type in key {
      guard let width = type.byteCount else { return }
      defer { offset += (width + 3) / 4 * 4 }
      guard type == .interfaceName, offset + 16 <= elements.keyLength else { continue }
      let some = (0..<elements.count).map { index in
        linkRange(
          Array(elements.key(index).dropFirst(offset).prefix(16)),
          Array(elements.lastKey(index).dropFirst(offset).prefix(16)))
      }
      if key.count == 1, elements.payload == .none {
        ask(some)
      } else {
        for range in some { ask([range]) }
      }
    }
  }
}

/// The names between those that begin with some bytes, each a number of 16 bytes.
private func linkRange(_ first: [UInt8], _ last: [UInt8]) -> ClosedRange<UInt128> {
  func number(_ bytes: [UInt8], filledWith fill: UInt8) -> UInt128 {
    (bytes.prefix(16) + Array(repeating: fill, count: max(0, 16 - bytes.count))).reduce(0) {
      $0 << 8 | UInt128($1)
    }
  }
  // A compare that ends with the NUL of a name is of the whole name.
  let (low, high) = (number(first, filledWith: 0), number(last, filledWith: last.last == 0 ? 0 : 0xff))
  return min(low, high)...max(low, high)
}

private func linkBytes(_ number: UInt128) -> [UInt8] {
  (0..<16).map { UInt8(truncatingIfNeeded: number >> UInt128((15 - $0) * 8)) }
}

/// `docker0`; `br-*` of every name that begins so.
private func linkText(_ range: ClosedRange<UInt128>) -> String {
  let name = String(decoding: linkBytes(range.lowerBound).prefix { $0 != 0 }, as: UTF8.self)
  return range.lowerBound == range.upperBound ? name : "\(name)*"
}

/// The first name that a link can have within a range; `nil`: there is none.
private func linkName(within range: ClosedRange<UInt128>) -> String? {
  let bytes = linkBytes(range.lowerBound)
  let name = bytes.prefix { $0 != 0 }
  // Behind the end of a name there is nothing else, so that the next one is longer.
  let isName = !name.isEmpty && name.count < 16 && bytes.dropFirst(name.count).allSatisfy { $0 == 0 }
  let wanted = isName ? Array(name) : name + [UInt8(ascii: "!")]
  let number = linkRange(wanted + [0], wanted + [0]).lowerBound
  guard wanted.count < 16, range.contains(number) else { return nil }
  return String(validating: wanted, as: UTF8.self)
}
