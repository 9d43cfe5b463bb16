internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// What of a domain has bytes in a register that are a key of a set, by what the keys lead to.
struct SetLookup {
  /// Disjoint as far as they are sure.
  private(set) var cases: [(verdict: Verdict?, match: Match)] = []
  /// Protocols of the domain's class that are not treated alike.
  private(set) var splits: Set<IPProtocol> = []

  /// - Parameter mayChange: elements go when their time is over.
  init(
    _ bytes: [SymbolicByte], in elements: SetElements, isConcatenation: Bool, mayChange: Bool,
    _ place: Comparison.Place
  ) throws(NotProven) {
    var groups = Groups()
    var verdicts: [Verdict] = []
    if case .verdicts(let known) = elements.payload { verdicts = known }
    if !mayChange, elements.attributes.isEmpty, let field = wholeField(bytes, place) {
      // The usual set: ranges of one field, perhaps a hundred thousand.
      for index in 0..<elements.count {
        let width = place.width(field)
        let range =
          number(elements.key(index).prefix(width))...number(elements.lastKey(index).prefix(width))
        groups.add(range, verdicts.isEmpty ? nil : verdicts[index])
      }
      for (verdict, ranges) in groups.ranges {
        var box = Box()
        box.restrict(
          field == .source ? \.sources : field == .destination ? \.destinations : \.kinds,
          to: IntervalSet(ranges))
        let space = try place.domain.space(of: box)
        cases.append((verdict, Match(sure: space, possible: space)))
      }
      return
    }
    let components = isConcatenation ? components(bytes) : [0..<bytes.count]
    for index in 0..<elements.count {
      let (first, last) = (elements.key(index), elements.lastKey(index))
      var box = Box()
      var isSure = !mayChange && elements.attributes[index]?.timeout == nil
      var isNever = false
      var wanted: Set<IPProtocol> = []
      for component in components {
        let (low, high) = (
          Array(first.dropFirst(component.lowerBound).prefix(component.count)),
          Array(last.dropFirst(component.lowerBound).prefix(component.count))
        )
        let comparison = Comparison(Array(bytes[component]), from: low, to: high, place)
        isNever = isNever || comparison.isNever && comparison.splits.isEmpty
        isSure = isSure && comparison.isSure
        wanted.formUnion(comparison.splits)
        for side in [\Box.sources, \.destinations, \.kinds] {
          if let set = comparison.box[keyPath: side] { box.restrict(side, to: set) }
        }
      }
      if isNever { continue }
      splits.formUnion(wanted)
      groups.add(box, isSure, verdicts.isEmpty ? nil : verdicts[index])
    }
    for group in groups.boxes {
      let sure = try place.domain.union(group.sure)
      cases.append(
        (group.verdict, Match(sure: sure, possible: try sure.union(place.domain.union(group.unsure)))))
    }
  }
}

/// The parts of a concatenated key: bytes of one field, or of what is known, are one part.
private func components(_ bytes: [SymbolicByte]) -> [Range<Int>] {
  func kind(_ index: Int) -> SymbolicByte.Field? {
    if case .field(let field, _, _, _) = bytes[index] { field } else { nil }
  }
  var result: [Range<Int>] = []
  for index in bytes.indices {
    // A part begins at a multiple of 4 bytes; a longer one is the bytes of one field.
    let goesOn =
      !index.isMultiple(of: 4)
      || index > 0 && kind(index) != nil && kind(index) == kind(index - 1)
        && byteNumber(bytes[index]) == byteNumber(bytes[index - 1]) + 1
    if goesOn, let last = result.last {
      result[result.count - 1] = last.lowerBound..<index + 1
    } else {
      result.append(index..<index + 1)
    }
  }
  return result.map { part in
    // What fills a part up to 4 bytes is not of the field and always 0.
    guard kind(part.lowerBound) != nil else { return part }
    let end = part.last { kind($0) != nil }.map { $0 + 1 } ?? part.upperBound
    return part.lowerBound..<end
  }
}

private func byteNumber(_ byte: SymbolicByte) -> Int {
  if case .field(_, let number, _, _) = byte { number } else { -2 }
}

/// The field of which the bytes are all, but for what fills them up.
private func wholeField(_ bytes: [SymbolicByte], _ place: Comparison.Place) -> SymbolicByte.Field? {
  guard case .field(let field, _, _, _) = bytes.first,
    [.source, .destination, .kind].contains(field), bytes.count >= place.width(field)
  else { return nil }
  for (index, byte) in bytes.enumerated() {
    if byte != (index < place.width(field) ? .field(field, index) : .constant(0)) { return nil }
  }
  return field
}

private func number(_ bytes: ArraySlice<UInt8>) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }

/// What leads to one verdict, in the order in which the verdicts come first.
private struct Groups {
  struct Group {
    let verdict: Verdict?
    var sure: [Box] = []
    var unsure: [Box] = []
  }

  private(set) var boxes: [Group] = []
  private(set) var ranges: [(verdict: Verdict?, ranges: [ClosedRange<UInt128>])] = []
  private var places: [Verdict?: Int] = [:]

  mutating func add(_ box: Box, _ isSure: Bool, _ verdict: Verdict?) {
    let place = places[verdict] ?? boxes.count
    if place == boxes.count {
      places[verdict] = place
      boxes.append(Group(verdict: verdict))
    }
    if isSure { boxes[place].sure.append(box) } else { boxes[place].unsure.append(box) }
  }

  mutating func add(_ range: ClosedRange<UInt128>, _ verdict: Verdict?) {
    let place = places[verdict] ?? ranges.count
    if place == ranges.count {
      places[verdict] = place
      ranges.append((verdict, []))
    }
    ranges[place].ranges.append(range)
  }
}
