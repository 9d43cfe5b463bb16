import ConnectionSpace
import Operations
import Testing

@Suite struct LockoutNotProvenTests {
  /// Whoever says yes without looking relies on it.
  @Test func `a question that was too intricate is not answered by nobody being locked out`() {
    let reason = NotProven(limit: .steps(7))
    let found = FoundDifference(
      [], lockout: { (_) throws(NotProven) in throw reason }, meaning: { () throws(NotProven) in nil })
    #expect(found.lockout == nil && found.lockoutNotProven == reason && found.notProven == nil)
    let unknown = FoundDifference([], meaning: { () throws(NotProven) in throw reason })
    #expect(unknown.notProven == reason)
  }
}
