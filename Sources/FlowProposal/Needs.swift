internal import Addressing
internal import Records

/// One thing that was wanted between two ends.
struct Need {
  let wanted: Wanted
  let pair: Pair
  /// Whether a service of the inventory is about each record of it.
  let isNamed: Bool
  /// Where its records are among those that are sorted.
  let places: Range<Int>
}

/// What was wanted between whom, record by record: sorted, since a million of them are sorted in a fraction of the time in
/// which they are looked for one by one.
struct Needs {
  /// The number of what was wanted, those of the two ends, and the record.
  private struct Entry: Comparable {
    let wanted: UInt32
    let source: UInt32
    let destination: UInt32
    let place: UInt32

    private var need: UInt64 { UInt64(wanted) << 32 | UInt64(source) }
    private var rest: UInt64 { UInt64(destination) << 32 | UInt64(place) }

    static func < (a: Self, b: Self) -> Bool { a.need != b.need ? a.need < b.need : a.rest < b.rest }

    func isOfSame(as other: Self) -> Bool { need == other.need && destination == other.destination }
  }

  private var entries: [Entry] = []
  private var wanted: [Wanted] = []
  private var numbers: [Wanted: Int] = [:]

  mutating func add(_ record: Int, _ one: Wanted, _ pair: Pair) {
    let number = numbers[one] ?? wanted.count
    if number == wanted.count {
      numbers[one] = number
      wanted.append(one)
    }
    entries.append(
      Entry(
        wanted: UInt32(number), source: UInt32(pair.source), destination: UInt32(pair.destination),
        place: UInt32(record)))
  }

  /// Each once, those of one thing that was wanted one behind the other.
  mutating func all(of connections: [RecordedConnection]) -> [Need] {
    entries.sort()
    var all: [Need] = []
    var first = 0
    while first < entries.count {
      let entry = entries[first]
      var (end, isNamed) = (first, true)
      while end < entries.count, entries[end].isOfSame(as: entry) {
        if connections[Int(entries[end].place)].namedService == nil { isNamed = false }
        end += 1
      }
      let pair = Pair(source: Int(entry.source), destination: Int(entry.destination))
      all.append(
        Need(wanted: wanted[Int(entry.wanted)], pair: pair, isNamed: isNamed, places: first..<end))
      first = end
    }
    return all
  }

  /// The records of a need.
  func places(_ need: Need) -> some Sequence<Int> { entries[need.places].lazy.map { Int($0.place) } }

  /// Of what is a scan or at ports that a kernel has picked, why no flow is proposed for it.
  static func apart(_ all: [Need]) -> [Int: FlowProposal.Reason] {
    var ports: [Pair: [Int]] = [:]
    var transfers: Set<Pair> = []
    for (number, need) in all.enumerated() {
      if need.wanted == .port(.tcp, 21) { transfers.insert(need.pair) }
      // What a service of the inventory is about is neither.
      if case .port = need.wanted, !need.isNamed { ports[need.pair, default: []].append(number) }
    }
    var apart: [Int: FlowProposal.Reason] = [:]
    for (pair, numbers) in ports {
      let picked = numbers.filter { all[$0].wanted.isPicked }
      if picked.count >= BothEnds.fewestPicked {
        let reason: FlowProposal.Reason = transfers.contains(pair) ? .passive : .picked
        for one in picked { apart[one] = reason }
      }
      let others =
        picked.count >= BothEnds.fewestPicked ? numbers.filter { !all[$0].wanted.isPicked } : numbers
      if others.count >= RecordLine.fewestOfScan { for one in others { apart[one] = .scan } }
    }
    return apart
  }
}
