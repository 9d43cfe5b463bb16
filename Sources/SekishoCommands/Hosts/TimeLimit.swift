internal import ArgumentParser

/// A time as a user types it: `500ms`, `90s`, `2m`, `1h`, `30d`.
struct TimeLimit: ExpressibleByArgument, Sendable {
  let duration: Duration

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), (1...1_000_000).contains(number) else { return nil }
    switch argument.dropFirst(digits.count) {
    case "ms": duration = .milliseconds(number)
    case "s": duration = .seconds(number)
    case "m": duration = .seconds(60 * number)
    case "h": duration = .seconds(3600 * number)
    case "d": duration = .seconds(86_400 * number)
    default: return nil
    }
  }
}
