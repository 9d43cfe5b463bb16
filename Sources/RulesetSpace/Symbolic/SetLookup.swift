internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// What of a domain has bytes in a register that are a key of a set, by what the keys lead to.
struct SetLookup {
  /// What a key leads to.
  enum Lead: Hashable {
    case verdict(Verdict)
    /// Bytes of a map.
    case value([UInt8])
  }

  /// Disjoint as far as they are sure.
  private(set) var cases: [(lead: Lead?, match: Match)] = []
  /// Protocols of the domain's class that are not treated alike.
  private(set) var splits: Set<IPProtocol> = []

  /// - Parameters:
  ///   - type: of the keys; several where they are concatenated.
  ///   - mayChange: elements go when their time is over.
  ///   - byValue: whether keys of a map with other values are told apart.
  init(
    _ bytes: [SymbolicByte], in elements: SetElements, of type: [DataType], mayChange: Bool, byValue: Bool,
    _ place: Comparison.Place
  ) throws(NotProven) {
    var groups = Groups()
    func lead(_ index: Int) -> Lead? {
      switch elements.payload {
      case .none: nil
      case .verdicts(let verdicts): .verdict(verdicts[index])
      case .values(let bytes, let length):
        byValue ? .value(Array(bytes[index * length..<(index + 1) * length])) : nil
      }
    }
    if !mayChange, elements.attributes.isEmpty, let field = wholeField(bytes, place) {
      // The usual set: ranges of one field, perhaps a hundred thousand.
      for index in 0..<elements.count {
        let width = place.width(field)
        let range =
          number(elements.key(index).prefix(width))...number(elements.lastKey(index).prefix(width))
        groups.add(range, lead(index))
      }
      for (lead, ranges) in groups.ranges {
        var box = Box()
        box.restrict(
          field == .source ? \.sources : field == .destination ? \.destinations : \.kinds,
          to: IntervalSet(ranges))
        let space = try place.domain.space(of: box)
        cases.append((lead, Match(sure: space, possible: space)))
      }
      return
    }
    let parts = type.count > 1 ? declared(type, bytes.count) : [0..<bytes.count]
    let components = parts ?? components(bytes, place)
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
        // What is known may be a part of something longer, of which no part is within a range for itself.
        if parts == nil, low != high, constants(Array(bytes[component])) != nil {
          isSure = false
          continue
        }
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
      groups.add(box, isSure, lead(index))
    }
    for group in groups.boxes {
      let sure = try place.domain.union(group.sure)
      cases.append(
        (group.lead, Match(sure: sure, possible: try sure.union(place.domain.union(group.unsure)))))
    }
  }
}

/// The parts of a concatenated key by their types, each of which begins at a multiple of 4 bytes; `nil` where the width of more
/// than one is not known.
private func declared(_ type: [DataType], _ length: Int) -> [Range<Int>]? {
  let unknown = type.filter { $0.byteCount == nil }.count
  let rest = length - DataType.paddedLength(of: type)
  guard unknown == 0 ? rest == 0 : unknown == 1 && rest > 0 else { return nil }
  var start = 0
  return type.map { one in
    let width = one.byteCount ?? rest
    defer { start += (width + 3) & ~3 }
    return start..<start + width
  }
}

/// The same where types do not say it: bytes of one field, or of what is known, are one part.
private func components(_ bytes: [SymbolicByte], _ place: Comparison.Place) -> [Range<Int>] {
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
    guard let field = kind(part.lowerBound) else { return part }
    return part.lowerBound..<min(part.upperBound, part.lowerBound + place.width(field))
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

/// What leads to one verdict or value, in the order in which they come first.
private struct Groups {
  struct Group {
    let lead: SetLookup.Lead?
    var sure: [Box] = []
    var unsure: [Box] = []
  }

  private(set) var boxes: [Group] = []
  private(set) var ranges: [(lead: SetLookup.Lead?, ranges: [ClosedRange<UInt128>])] = []
  private var places: [SetLookup.Lead?: Int] = [:]

  mutating func add(_ box: Box, _ isSure: Bool, _ lead: SetLookup.Lead?) {
    let place = places[lead] ?? boxes.count
    if place == boxes.count {
      places[lead] = place
      boxes.append(Group(lead: lead))
    }
    if isSure { boxes[place].sure.append(box) } else { boxes[place].unsure.append(box) }
  }

  mutating func add(_ range: ClosedRange<UInt128>, _ lead: SetLookup.Lead?) {
    let place = places[lead] ?? ranges.count
    if place == ranges.count {
      places[lead] = place
      ranges.append((lead, []))
    }
    ranges[place].ranges.append(range)
  }
}
