/// The first line in which two texts differ; `nil` when they are equal.
struct Difference: Equatable, CustomStringConvertible {
  let description: String

  init?(_ actual: String, _ expected: String) {
    if actual == expected { return nil }
    let left = actual.split(separator: "\n", omittingEmptySubsequences: false)
    let right = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let line = zip(left, right).prefix { $0 == $1 }.count
    let a = line < left.count ? String(left[line]) : "end"
    let b = line < right.count ? String(right[line]) : "end"
    description = "line \(line + 1): \(a.debugDescription), not \(b.debugDescription)"
  }
}
