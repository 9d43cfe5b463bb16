/// The clock of a machine: nft(8) prints `meta time` and `meta hour` as its time zone has them, and the kernel
/// compares with UTC.
public struct LocalClock: Sendable {
  /// Seconds since 1970 of a moment at which the clock shows what it would show at these seconds in UTC.
  private let seconds: @Sendable (Int64) -> Int64
  /// By how many seconds the clock is ahead of UTC now, as nft takes it for `meta hour`.
  private let ahead: Int64

  public init(ahead: Int64, seconds: @escaping @Sendable (Int64) -> Int64) {
    self.ahead = ahead
    self.seconds = seconds
  }

  public static let utc = Self(ahead: 0) { $0 }

  /// A date or an hour in UTC; anything else as it is.
  fileprivate func utc(_ text: String) -> String {
    if let shown = ValueJSONReader.date(text) {
      let moment = seconds(Int64(clamping: shown))
      // Before 1970 the kernel has no time.
      return moment < 0 ? text : "\(moment)"
    }
    guard text.utf8.count <= 8, let shown = ValueJSONReader.clock(text) else { return text }
    let hour = ((Int64(shown) - ahead) % 86400 + 86400) % 86400
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(hour / 3600)):\(two(hour / 60 % 60)):\(two(hour % 60))"
  }
}

extension JSONValue {
  /// A rule or a set with the dates and hours in it in UTC.
  func inUTC(_ clock: LocalClock) -> JSONValue {
    if let types = self["type"] {
      let names = types.array?.compactMap(\.string) ?? types.string.map { [$0] } ?? []
      let isOfTime = names.contains { $0.contains("time") || $0.contains("hour") }
      return isOfTime ? replacing("elem") { $0.mappingTexts(clock.utc) } : self
    }
    return replacing("expr") { list in
      guard let statements = list.array else { return list }
      return .array(
        statements.map { statement in
          guard statement["match"]?["left"]?.readsClock == true else { return statement }
          return statement.replacing("match") { match in
            match.replacing("right") { $0.mappingTexts(clock.utc) }
          }
        })
    }
  }

  private var readsClock: Bool {
    if let parts = self["concat"]?.array { return parts.contains(where: \.readsClock) }
    let key = self["meta"]?["key"]?.string
    return key == "time" || key == "hour"
  }

  /// The object with another value of a key that it has.
  private func replacing(_ key: String, with change: (JSONValue) -> JSONValue) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members.map { ($0.key, $0.key == key ? change($0.value) : $0.value) })
  }

  private func mappingTexts(_ change: (String) -> String) -> JSONValue {
    switch self {
    case .string(let text): .string(change(text))
    case .array(let values): .array(values.map { $0.mappingTexts(change) })
    case .object(let members): .object(members.map { ($0.key, $0.value.mappingTexts(change)) })
    default: self
    }
  }
}
