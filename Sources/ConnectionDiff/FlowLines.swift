internal import Addressing
internal import ConnectionSpace
internal import Diagnostics

/// Something that allows connections: a flow, with one of its services.
struct Claim {
  /// The flow; where it is written, when that is known.
  let flow: String
  let location: SourceLocation?
  let service: String?
  let connections: Connections

  enum Connections {
    case rectangle(Rectangle)
    case space(ConnectionSpace)
  }
}

/// Says a space of connections in lines, claim by claim.
///
/// Whatever is allowed, one claim allows alone: a line names its flow, and every connection is in a line. One that
/// two flows allow is in a line of each.
struct FlowLines {
  private let claims: [Claim]
  private let names: EndNames
  /// The addresses of hosts that the other side of the change does not have.
  private let unshared: AddressSet
  private let loopback: ConnectionSpace
  /// The addresses of hosts, if lines are to have ends that are hosts or others, not both.
  private let managed: AddressSet?

  /// - Parameters:
  ///   - loopback: what hosts send themselves, which belongs to no change.
  ///   - managed: the addresses of hosts, if ends that are hosts and others come apart; `nil`: they stay together.
  init(
    _ claims: [Claim], _ names: EndNames, unshared: AddressSet, loopback: ConnectionSpace,
    apart managed: AddressSet? = nil
  ) {
    self.claims = claims
    self.names = names
    self.unshared = unshared
    self.loopback = loopback
    self.managed = managed
  }

  /// The lines of a space whose connections are all judged from end to end.
  ///
  /// - Throws: ``NotProven`` when the universe's budget is spent.
  func lines(of space: ConnectionSpace) throws(NotProven) -> [ConnectionLine] {
    if space.isEmpty { return [] }
    var lines: [ConnectionLine] = []
    var unexplained = space
    let protocols = Set(space.sections.map(\.ipProtocol))
    let touched = try ends(of: space)
    for claim in claims {
      let whole: ConnectionSpace
      switch claim.connections {
      case .space(let space): whole = space
      case .rectangle(let asked):
        guard protocols.contains(asked.ipProtocol), asked.touches(touched) else { continue }
        whole = try space.universe.space(of: [asked])
      }
      let part = try space.intersection(whole)
      if part.isEmpty { continue }
      unexplained = try unexplained.subtracting(whole)
      lines += try split(part, within: whole, claim)
    }
    // No connection is left out for want of a flow.
    if !unexplained.isEmpty { lines += try split(unexplained, within: unexplained, nil) }
    return ConnectionLine.merged(lines)
  }

  /// All sources and all destinations of a space.
  private func ends(of space: ConnectionSpace) throws(NotProven) -> (from: AddressSet, to: AddressSet) {
    var (from, to) = (AddressSet(), AddressSet())
    for rectangle in try space.rectangles() {
      from = from.union(rectangle.sources)
      to = to.union(rectangle.destinations)
    }
    return (from, to)
  }

  private func split(
    _ part: ConnectionSpace, within whole: ConnectionSpace, _ claim: Claim?
  ) throws(NotProven) -> [ConnectionLine] {
    let others = AddressSet.all.subtracting(unshared)
    let shared = unshared.isEmpty ? part : try part.restricted(from: others, to: others)
    let membership = unshared.isEmpty ? part.universe.empty : try part.subtracting(shared)
    var result: [ConnectionLine] = []
    for (some, isMembership) in [(shared, false), (membership, true)] {
      for part in try apart(some) {
        result += try lines(part, within: whole, claim, isMembership: isMembership)
      }
    }
    return result
  }

  /// What is between hosts, and what has an end outside, each end by itself.
  private func apart(_ space: ConnectionSpace) throws(NotProven) -> [ConnectionSpace] {
    guard let managed, !space.isEmpty else { return [space] }
    // What is on the hosts' own links, such as the group that they speak to, stays with them.
    let links = AddressSet.linkGroups.union(.linkLocal)
    func near(_ end: AddressSet) -> AddressSet {
      end.subtracting(managed).subtracting(links).isEmpty ? managed.union(links) : managed
    }
    let ends = try ends(of: space)
    let (from, to) = (near(ends.from), near(ends.to))
    let (farFrom, farTo) = (AddressSet.all.subtracting(from), AddressSet.all.subtracting(to))
    return [
      try space.restricted(from: from, to: to), try space.restricted(from: farFrom, to: to),
      try space.restricted(from: from, to: farTo), try space.restricted(from: farFrom, to: farTo),
    ]
  }

  private func lines(
    _ part: ConnectionSpace, within whole: ConnectionSpace, _ claim: Claim?, isMembership: Bool
  ) throws(NotProven) -> [ConnectionLine] {
    if part.isEmpty { return [] }
    let parts = try part.rectangles()
    guard parts.count > Self.manyParts else {
      return try lines(part, within: whole, claim, isMembership: isMembership, steps: nil)
    }
    // A rule a customer: what such parts have in common has more exceptions than there are parts, and whoever reads it
    // learns nothing from either.
    let size = Self.size(parts)
    var lines: [ConnectionLine]?
    do throws(NotProven) {
      lines = try self.lines(
        part, within: whole, claim, isMembership: isMembership, steps: max(1_000_000, 200 * size))
    } catch { lines = nil }
    if let lines, Self.size(lines.flatMap(\.exceptions)) <= size { return lines }
    return inPart(parts, claim, isMembership: isMembership)
  }

  /// More parts than these are told by what they have in common, if that is shorter.
  private static let manyParts = 64

  /// The ranges that they are made of.
  private static func size(_ rectangles: [Rectangle]) -> Int {
    rectangles.reduce(0) { sum, rectangle in
      sum + rectangle.sources.rangeCount + rectangle.destinations.rangeCount + rectangle.kinds.rangeCount
    }
  }

  /// Parts of one family and protocol as a line, with the first of them below it.
  private func inPart(_ parts: [Rectangle], _ claim: Claim?, isMembership: Bool) -> [ConnectionLine] {
    var sections: [[Rectangle]] = []
    for part in parts {
      if let last = sections.last?.last, last.ipProtocol == part.ipProtocol,
        last.sources.families == part.sources.families
      {
        sections[sections.count - 1].append(part)
      } else {
        sections.append([part])
      }
    }
    return sections.flatMap { parts -> [ConnectionLine] in
      guard parts.count > ConnectionLine.mostToldParts else {
        return parts.compactMap { line($0, claim, isMembership: isMembership) }
      }
      let hull = Rectangle(
        parts[0].passage, parts[0].ipProtocol, from: AddressSet(unionOf: parts.map(\.sources)),
        to: AddressSet(unionOf: parts.map(\.destinations)), Kinds(unionOf: parts.map(\.kinds)))
      return [line(hull, claim, isMembership: isMembership, parts: parts)].compactMap(\.self)
    }
  }

  private func lines(
    _ part: ConnectionSpace, within whole: ConnectionSpace, _ claim: Claim?, isMembership: Bool, steps: Int?
  ) throws(NotProven) -> [ConnectionLine] {
    // What no claim divides may be of several kinds: a few exact lines say it better than one with exceptions.
    let several = claim == nil ? try part.pieces(atMost: 12, steps: steps) : []
    let isExact = claim == nil && several.allSatisfy(\.except.isEmpty)
    var pieces = isExact ? several : try part.pieces(atMost: 3, steps: steps)
    if pieces.count > 1 || pieces.contains(where: { !$0.except.isEmpty }) {
      // A group that talks to itself is full of holes where its members meet themselves. Filled with those
      // it is one rectangle again.
      let ends = try ends(of: part)
      let own = try loopback.intersection(whole).restricted(from: ends.from, to: ends.to)
      let filled = try part.union(own).pieces(atMost: 3, steps: steps)
      if Self.isPlainer(filled, pieces) {
        pieces = []
        for piece in filled {
          if let met = try meeting(piece, part) { pieces.append(met) }
        }
      }
    }
    var result: [ConnectionLine] = []
    for piece in pieces {
      let exceptions = piece.except.isEmpty ? [] : try piece.except.subtracting(loopback).rectangles()
      if let line = line(piece.rectangle, claim, isMembership: isMembership, but: exceptions) {
        result.append(line)
      }
    }
    return result
  }

  /// A piece that was filled, without ends that meet nobody in it but themselves; `nil`: there are no others.
  private func meeting(_ piece: Piece, _ part: ConnectionSpace) throws(NotProven) -> Piece? {
    let met = try ends(of: part.universe.space(of: [piece.rectangle]).intersection(part))
    let (from, to) = (
      piece.rectangle.sources.intersection(met.from), piece.rectangle.destinations.intersection(met.to)
    )
    if from.isEmpty || to.isEmpty { return nil }
    return Piece(
      rectangle: Rectangle(
        piece.rectangle.passage, piece.rectangle.ipProtocol, from: from, to: to, piece.rectangle.kinds),
      except: try piece.except.restricted(from: from, to: to))
  }

  /// - Parameters:
  ///   - exceptions: what of the rectangle is not meant.
  ///   - parts: what alone of it is meant; `nil`: all but the exceptions.
  private func line(
    _ rectangle: Rectangle, _ claim: Claim?, isMembership: Bool, but exceptions: [Rectangle] = [],
    parts: [Rectangle]? = nil
  ) -> ConnectionLine? {
    guard let family = rectangle.sources.families.first else { return nil }
    let from = names.end(rectangle.sources, family)
    let to = names.end(rectangle.destinations, family)
    let scope: LineScope =
      isMembership ? .membership : from.outside.isEmpty && to.outside.isEmpty ? .hosts : .outside
    // Of thousands nobody reads the names, and to find them takes long.
    let untold = parts ?? exceptions
    let told = untold.prefix(ConnectionLine.mostToldParts).compactMap {
      line($0, nil, isMembership: false)
    }
    return ConnectionLine(
      from: from, to: to, service: claim?.service,
      terms: [LineTerm(rectangle.ipProtocol, rectangle.kinds)], families: [family], flow: claim?.flow,
      location: claim?.location, scope: scope, rectangles: parts ?? [rectangle], exceptions: exceptions,
      isInPart: parts != nil, toldParts: ConnectionLine.merged(told), untoldParts: untold.count - told.count)
  }

  /// Whether pieces have fewer exceptions, or are fewer.
  private static func isPlainer(_ one: [Piece], _ other: [Piece]) -> Bool {
    func exceptions(_ pieces: [Piece]) -> Int { pieces.count { !$0.except.isEmpty } }
    return (exceptions(one), one.count) < (exceptions(other), other.count)
  }
}

extension Rectangle {
  /// Whether it can have anything in common with a space of these ends.
  fileprivate func touches(_ ends: (from: AddressSet, to: AddressSet)) -> Bool {
    !sources.intersection(ends.from).isEmpty && !destinations.intersection(ends.to).isEmpty
  }
}

extension AddressSet {
  fileprivate var rangeCount: Int { families.reduce(0) { $0 + ranges($1).count } }

  /// All at once: one after the other, thousands would cost their square.
  fileprivate init(unionOf sets: [AddressSet]) {
    self.init(
      ipv4: IntervalSet(sets.flatMap(\.ipv4.ranges)), ipv6: IntervalSet(sets.flatMap(\.ipv6.ranges)))
  }
}

extension Kinds {
  fileprivate var rangeCount: Int {
    switch self {
    case .any: 1
    case .ports(let ports): ports.ranges.count
    case .types(let types): types.ranges.count
    }
  }

  /// Of one protocol.
  fileprivate init(unionOf all: [Kinds]) {
    var (ports, types): ([ClosedRange<UInt16>], [ClosedRange<UInt8>]) = ([], [])
    for kinds in all {
      switch kinds {
      case .any:
        self = .any
        return
      case .ports(let some): ports += some.ranges
      case .types(let some): types += some.ranges
      }
    }
    self = types.isEmpty ? .ports(PortSet(ports)) : .types(IntervalSet(types))
  }
}
