/// How many hosts have changed when a wave is over, as `1,10%,100%` says it: each number is of all hosts, those of the waves
/// before among them.
package struct Waves: Hashable, Sendable {
  /// How far a wave goes.
  enum Reach: Hashable, Sendable {
    case hosts(Int)
    case percent(Int)

    /// A part of a host is a host.
    func count(of total: Int) -> Int {
      switch self {
      case .hosts(let count): min(count, total)
      case .percent(let percent): (total * percent + 99) / 100
      }
    }
  }

  private let reaches: [Reach]

  /// One wave of all.
  package static let one = Waves(reaches: [.percent(100)])

  private init(reaches: [Reach]) { self.reaches = reaches }

  /// - Throws: ``Misuse`` for what is no list of numbers and percentages that grow.
  package init(text: String) throws {
    var reaches: [Reach] = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      let isPercent = word.last == "%"
      let digits = isPercent ? word.dropLast() : word
      guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits), number > 0,
        !isPercent || number <= 100
      else {
        throw Misuse("--waves: '\(word)' is no number of hosts and no percentage; write 1,10%,100%")
      }
      reaches.append(isPercent ? .percent(number) : .hosts(number))
    }
    let counts = reaches.compactMap { if case .hosts(let count) = $0 { count } else { nil } }
    let percents = reaches.compactMap { if case .percent(let percent) = $0 { percent } else { nil } }
    for numbers in [counts, percents] {
      for (one, next) in zip(numbers, numbers.dropFirst()) where next <= one {
        throw Misuse(
          "--waves: each wave counts the hosts of those before, so \(next) behind \(one) is none; write 1,10%,100%"
        )
      }
    }
    self.reaches = reaches
  }

  /// The hosts of each wave. A wave that would have no host of its own, as of a small fleet, is left out.
  ///
  /// - Parameters:
  ///   - hosts: in their order.
  ///   - canary: those of them that are the first wave; empty: nobody chose any.
  /// - Throws: ``Misuse`` where the last wave does not reach every host.
  package func partition(_ hosts: [String], canary: Set<String> = []) throws -> [[String]] {
    let first = hosts.filter { canary.contains($0) }
    let ordered = first + hosts.filter { !canary.contains($0) }
    var waves = first.isEmpty ? [] : [first]
    var done = first.count
    for reach in reaches {
      let count = reach.count(of: ordered.count)
      if count <= done { continue }
      waves.append(Array(ordered[done..<count]))
      done = count
    }
    guard done == ordered.count else {
      throw Misuse(
        "--waves reaches \(done) of \(ordered.count) hosts that change; end it with 100%, so that none is left out"
      )
    }
    return waves
  }
}
