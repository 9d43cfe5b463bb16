internal import Addressing
internal import ConnectionSpace
internal import Nftables

/// Packets on their way from hook to hook that were treated alike so far.
struct Course {
  /// The connections that they may be of.
  var here: ConnectionSpace
  var alteration = Alteration.none
  /// Whether a rule has decided on the destination of the connection: no other is asked then.
  var isBound = false
  /// The same of its source.
  var isSourceBound = false

  func isTreated(as other: Self) -> Bool {
    alteration == other.alteration && isBound == other.isBound && isSourceBound == other.isSourceBound
  }

  /// Whatever the rules of a chain may do to packets that it does not drop. No rule is named: which ones do it is not known.
  func becomingAnything(behind chain: BaseChains.Called) -> [Self] {
    var rest = self
    let isFirst = [.prerouting, .output].contains(chain.base.hook)
    if isFirst, chain.base.priority.rawValue <= -200, chain.table.untracks {
      rest.alteration.tracking = .unknown
    }
    if isFirst, chain.table.handsOver { rest.alteration.mayBeTaken = true }
    var result = [rest]
    if chain.isTranslating, isFirst {
      var led = rest
      (led.alteration.destination, led.alteration.port) = (.unknown, .unknown)
      led.alteration.isTranslated = nil
      led.isBound = true
      result.append(led)
    } else if chain.isTranslating {
      var disguised = rest
      disguised.alteration.source = .unknown
      disguised.isSourceBound = true
      result.append(disguised)
    }
    if chain.table.rewrites {
      var other = rest
      other.alteration.becomeAnything()
      result.append(other)
    }
    return result
  }

  /// Where a rule translates to what was asked for anyway, nothing is translated.
  func led(in domain: Domain) throws(NotProven) -> [Self] {
    if here.isEmpty { return [] }
    let same = try here.intersection(domain.space(of: alteration.overlap))
    var (led, plain) = (self, self)
    (led.isBound, plain.isBound) = (true, true)
    led.here = try here.subtracting(same)
    plain.here = same
    if alteration.isExact {
      (plain.alteration.destination, plain.alteration.port) = (.asked, .asked)
      plain.alteration.isTranslated = false
    } else {
      plain.alteration.isTranslated = nil
    }
    return [led, plain].filter { !$0.here.isEmpty }
  }

  /// What connection tracking leaves alone, and what a socket may have taken.
  mutating func setApart(_ outcome: Outcome) throws(NotProven) -> [Self] {
    var result: [Self] = []
    for (rule, connections) in outcome.taken {
      let taken = try connections.intersection(here)
      if taken.isEmpty { continue }
      var course = self
      course.here = taken
      course.alteration.mayBeTaken = true
      if course.alteration.rule == nil { course.alteration.rule = rule }
      here = try here.subtracting(taken)
      result.append(course)
    }
    let possible = try outcome.untracked.possible.intersection(here)
    if !possible.isEmpty {
      var course = self
      course.here = try outcome.untracked.sure.intersection(possible)
      course.alteration.tracking = .untracked
      if !course.here.isEmpty { result.append(course) }
      let sure = course.here
      course.here = try possible.subtracting(sure)
      course.alteration.tracking = .unknown
      if !course.here.isEmpty { result.append(course) }
      here = try here.subtracting(possible)
    }
    return result
  }

  /// A ruleset may lead to thousands of places; each would be followed through every chain behind.
  private static let mostCourses = 256

  /// Too many courses as fewer: first their sources are not known any more, then all as one whose destination is not known.
  static func fewer(_ courses: [Self], in domain: Domain) throws(NotProven) -> [Self] {
    guard courses.count > mostCourses else { return courses }
    var result: [Self] = []
    for var course in courses {
      if course.alteration.source != .asked { course.alteration.source = .unknown }
      if let place = result.firstIndex(where: { $0.isTreated(as: course) }) {
        result[place].here = try result[place].here.union(course.here)
      } else {
        result.append(course)
      }
    }
    guard result.count > mostCourses else { return result }
    let altered = result.filter { $0.alteration.rule != nil }
    guard let first = altered.first,
      let together = try? domain.empty.union(altered.map(\.here))
    else { return result }
    var alteration = first.alteration
    alteration.becomeAnything()
    alteration.tracking = .unknown
    alteration.mayBeTaken = altered.contains { $0.alteration.mayBeTaken }
    return result.filter { $0.alteration.rule == nil }
      + [Self(here: together, alteration: alteration, isBound: true)]
  }
}

extension Table {
  /// Whether a rule tells connection tracking to leave packets alone.
  fileprivate var untracks: Bool {
    anyMeaning { if case .untracks = $0 { true } else { false } }
  }

  /// Whether a rule hands packets to sockets of the host.
  fileprivate var handsOver: Bool {
    anyMeaning { if case .translates(let translation) = $0 { translation?.kind == .socket } else { false } }
  }

  /// Whether a rule writes into headers, or what it does is not known.
  fileprivate var rewrites: Bool {
    anyMeaning {
      switch $0 {
      case .rewrites, .unknown: true
      default: false
      }
    }
  }

  private func anyMeaning(_ holds: (Meaning) -> Bool) -> Bool {
    chains.contains { $0.rules.contains { $0.expressions.contains { $0.meaning.map(holds) ?? false } } }
  }
}

extension Alteration {
  /// Whether the target is one address and port.
  fileprivate var isExact: Bool {
    switch (destination, port) {
    case (.asked, .asked), (.bytes, .asked), (.asked, .bytes), (.bytes, .bytes): true
    default: false
    }
  }

  /// What is asked for and may be the target as well.
  fileprivate var overlap: Box {
    var box = Box()
    switch destination {
    case .bytes(let bytes): box.restrict(\.destinations, to: IntervalSet([Self.hull(bytes)]))
    case .among(let targets): box.restrict(\.destinations, to: targets)
    case .asked, .own, .unknown: break
    }
    switch port {
    case .bytes(let bytes): box.restrict(\.kinds, to: IntervalSet([Self.hull(bytes)]))
    case .among(let ports):
      box.restrict(\.kinds, to: IntervalSet([UInt128(ports.lowerBound)...UInt128(ports.upperBound)]))
    case .asked, .unknown: break
    }
    return box
  }
}
