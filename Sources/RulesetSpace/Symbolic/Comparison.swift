internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// What of a domain has bytes in a register that compare to a value in some way.
struct Comparison {
  /// Where it holds, at most.
  var box = Box()
  /// Whether it holds everywhere there.
  var isSure = true
  /// Whether it holds nowhere.
  var isNever = false
  /// Protocols of the domain's class that are not treated alike.
  var splits: Set<IPProtocol> = []

  static let never = Self(isNever: true)

  /// The bytes equal the value.
  init(_ bytes: [SymbolicByte], equal value: [UInt8], _ place: Place) {
    var fields: [SymbolicByte.Field: Bits] = [:]
    for (byte, wanted) in zip(bytes, value) {
      switch byte {
      case .constant(let known): if known != wanted { isNever = true }
      case .partial(let partial, let known):
        if (partial ^ wanted) & known != 0 { isNever = true }
        isSure = false
      case .hidden: isSure = false
      case .field(let field, let index, let mask, let xor):
        if (wanted ^ xor) & ~mask != 0 { isNever = true }
        fields[field, default: Bits()].add(wanted ^ xor, mask, at: index, of: place.width(field))
      }
    }
    for (field, bits) in fields where !isNever { restrict(field, bits, place) }
  }

  /// The bytes lie between two values, in the order of memcmp(3).
  init(_ bytes: [SymbolicByte], from first: [UInt8], to last: [UInt8], _ place: Place) {
    if first == last {
      self.init(bytes, equal: first, place)
      return
    }
    self.init(isNever: false)
    if case .field(let field, 0, 0xff, 0)? = bytes.first, place.apart[field] != nil {
      isSure = false
      isNever = bytes.count == first.count && place.areApart(name(first)...name(last), field)
      return
    }
    if let known = constants(bytes) {
      isNever = known.lexicographicallyPrecedes(first) || last.lexicographicallyPrecedes(known)
      return
    }
    guard let (field, bits) = leadingBits(bytes, place) else {
      isSure = false
      if bytes.contains(where: { if case .field(.ipProtocol, _, _, _) = $0 { true } else { false } }) {
        splits = Set(place.protocols)
      }
      return
    }
    // The field's first bits as a number; what follows them does not count.
    var low = Bits()
    var high = Bits()
    for index in bytes.indices {
      low.add(first[index], 0xff, at: index, of: bits.width)
      high.add(last[index], 0xff, at: index, of: bits.width)
    }
    let rest = place.highest(field) & ~bits.mask
    // Masked numbers are multiples of the block that the mask leaves open: the first at or above the value.
    let lowest = low.value & bits.mask == low.value ? low.value : (low.value | rest) &+ 1
    if low.value & bits.mask != low.value, (low.value | rest) >= place.highest(field) {
      isNever = true
      return
    }
    let highest = high.value & bits.mask | rest
    guard lowest <= highest else {
      isNever = true
      return
    }
    restrict(field, to: IntervalSet([lowest...highest]), place)
  }

  private init(isNever: Bool) { self.isNever = isNever }

  /// What the numbers of a field mean for a domain.
  struct Place {
    let domain: Domain
    let ownSources: AddressSet?
    let ownDestinations: AddressSet?
    /// Names that a name of a link is none of.
    var apart: [SymbolicByte.Field: IntervalSet<UInt128>] = [:]
    /// What ``SymbolicByte/Field/target`` and ``SymbolicByte/Field/targetKind`` may be.
    var targets = IntervalSet<UInt128>()
    var targetKinds = IntervalSet<UInt128>()
    /// What ``SymbolicByte/Field/disguise`` may be.
    var disguises = IntervalSet<UInt128>()

    var protocols: [IPProtocol] { domain.protocols }

    /// In bytes.
    func width(_ field: SymbolicByte.Field) -> Int {
      switch field {
      case .source, .destination, .target, .disguise: domain.family.byteCount
      case .kind, .targetKind: domain.kindWidth
      case .ipProtocol: 1
      case .linkIndex, .sourceType, .destinationType, .foreignType: 4
      case .linkName, .otherLinkName, .otherInputName: 16
      }
    }

    /// Whether all of some names are looked at apart.
    func areApart(_ names: ClosedRange<UInt128>, _ field: SymbolicByte.Field) -> Bool {
      apart[field].map { IntervalSet([names]).subtracting($0).isEmpty } ?? false
    }

    func highest(_ field: SymbolicByte.Field) -> UInt128 {
      let bits = width(field) * 8
      return bits == 128 ? .max : 1 << UInt128(bits) - 1
    }
  }

  /// Bits of a field that are asked for.
  struct Bits: Hashable {
    var mask: UInt128 = 0
    var value: UInt128 = 0
    var width = 0

    mutating func add(_ byte: UInt8, _ mask: UInt8, at index: Int, of width: Int) {
      self.width = width
      let shift = UInt128((width - 1 - index) * 8)
      self.mask |= UInt128(mask) << shift
      value |= UInt128(byte) << shift
    }
  }

  // MARK: Fields

  private mutating func restrict(_ field: SymbolicByte.Field, _ bits: Bits, _ place: Place) {
    let isWhole = bits.mask == place.highest(field)
    switch field {
    case .source, .destination, .kind, .target, .targetKind, .disguise:
      guard let ranges = numbers(bits, place.highest(field)) else {
        isSure = false
        return
      }
      restrict(field, to: IntervalSet(ranges), place)
    case .ipProtocol:
      // Singles are constants, so this is a class: it has to be looked at in parts.
      if isWhole {
        let wanted = IPProtocol(rawValue: UInt8(truncatingIfNeeded: bits.value))
        if place.protocols.contains(wanted) { splits.insert(wanted) }
        isNever = true
      } else {
        splits = Set(place.protocols)
      }
    case .linkIndex:
      isSure = false
      if isWhole, bits.value == loopbackIndex { isNever = true }
    case .linkName, .otherLinkName, .otherInputName:
      isSure = false
      // The name's first bytes are compared; whatever follows them is open, unless a NUL has ended it.
      let open = place.highest(field) & ~bits.mask
      let isBeginning = open & (open &+ 1) == 0
      let isEnded = bits.mask != 0 && bits.value >> UInt128(bits.mask.trailingZeroBitCount) & 0xff == 0
      let last = isEnded ? bits.value : bits.value | open
      if isBeginning, place.areApart(bits.value...last, field) { isNever = true }
      // A compare that ends with the NUL is of the whole name, too.
      let isExact = bits.mask >> 104 == 0xff_ffff
      if isExact, bits.value == loopbackName & bits.mask { isNever = true }
    case .sourceType: restrict(.source, toType: bits, isWhole, place)
    case .destinationType: restrict(.destination, toType: bits, isWhole, place)
    case .foreignType:
      isSure = false
      if isWhole, bits.value == localType { isNever = true }
    }
  }

  /// - Parameter bits: of an `RTN_*` number, host order.
  private mutating func restrict(
    _ field: SymbolicByte.Field, toType bits: Bits, _ isWhole: Bool, _ place: Place
  ) {
    if field == .destination, isWhole, place.ownDestinations == nil, bits.value == localType {
      // Whatever the host's addresses are: what goes in asks for one of them, or for a group, and what passes through
      // does not.
      switch place.domain.passage {
      case .ingress:
        return restrict(
          field, to: IntervalSet(RulesetSpace.unicast.ranges(place.domain.family)), place)
      case .forward:
        isNever = true
        return
      case .egress, .whole: break
      }
    }
    guard isWhole, let own = field == .source ? place.ownSources : place.ownDestinations else {
      isSure = false
      return
    }
    let mine = IntervalSet(own.ranges(place.domain.family))
    if bits.value == localType {
      restrict(field, to: mine, place)
    } else {
      // Some kind of address that is not the host's: which one is not known.
      restrict(field, to: IntervalSet([0...place.highest(field)]).subtracting(mine), place)
      isSure = false
    }
  }

  private mutating func restrict(
    _ field: SymbolicByte.Field, to set: IntervalSet<UInt128>, _ place: Place
  ) {
    if set.isEmpty { isNever = true }
    switch field {
    case .source: box.restrict(\.sources, to: set)
    case .destination: box.restrict(\.destinations, to: set)
    case .target: restrict(place.targets, to: set)
    case .targetKind: restrict(place.targetKinds, to: set)
    case .disguise: restrict(place.disguises, to: set)
    default: box.restrict(\.kinds, to: set)
    }
  }

  /// One of some numbers, whichever, is to be among others.
  private mutating func restrict(_ targets: IntervalSet<UInt128>, to set: IntervalSet<UInt128>) {
    let wanted = targets.intersection(set)
    if wanted.isEmpty { isNever = true }
    if wanted != targets { isSure = false }
  }
}

/// LOOPBACK_IFINDEX (linux/net.h) as a register in the host's order holds it.
private let loopbackIndex = number(hostBytes(UInt32(1)))
/// RTN_LOCAL (linux/rtnetlink.h), likewise.
private let localType = number(hostBytes(UInt32(2)))
private let loopbackName = number(Array("lo".utf8) + Array(repeating: 0, count: 14))

private func number(_ bytes: [UInt8]) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }

/// The name of a link as a number, NULs behind it.
private func name(_ bytes: [UInt8]) -> UInt128 {
  number(Array(bytes.prefix(16)) + Array(repeating: 0, count: max(0, 16 - bytes.count)))
}

/// Bytes of a number in the host's order.
func hostBytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number.littleEndian >> Number($0 * 8)) }
}

/// The numbers that have some bits; `nil` when they are too many ranges.
private func numbers(_ bits: Comparison.Bits, _ highest: UInt128) -> [ClosedRange<UInt128>]? {
  if bits.mask == 0 { return [0...highest] }
  let open = bits.mask.trailingZeroBitCount
  let block: UInt128 = 1 << UInt128(open) - 1
  let gaps = highest & ~bits.mask & ~block
  // Of a port, all of them.
  guard gaps.nonzeroBitCount <= 15 else { return nil }
  var result: [ClosedRange<UInt128>] = []
  // Counts through the numbers that have no bit outside the gaps.
  var filling: UInt128 = 0
  repeat {
    let low = bits.value | filling
    result.append(low...(low | block))
    filling = (filling &- gaps) & gaps
  } while filling != 0
  return result
}

/// The values, where all are known.
func constants(_ bytes: [SymbolicByte]) -> [UInt8]? {
  var result: [UInt8] = []
  for byte in bytes {
    guard case .constant(let value) = byte else { return nil }
    result.append(value)
  }
  return result
}

/// The field whose first bytes these are, and its bits among them, when they are its first ones and nothing
/// else is in between.
private func leadingBits(_ bytes: [SymbolicByte], _ place: Comparison.Place) -> (
  SymbolicByte.Field, Comparison.Bits
)? {
  guard case .field(let field, _, _, _) = bytes.first,
    [.source, .destination, .kind, .target, .targetKind, .disguise].contains(field),
    bytes.count <= place.width(field)
  else { return nil }
  var bits = Comparison.Bits()
  for (index, byte) in bytes.enumerated() {
    switch byte {
    case .field(field, index, let mask, 0): bits.add(0, mask, at: index, of: place.width(field))
    case .constant(0): bits.add(0, 0, at: index, of: place.width(field))
    default: return nil
    }
  }
  let open = place.highest(field) & ~bits.mask
  return open & (open &+ 1) == 0 ? (field, bits) : nil
}
