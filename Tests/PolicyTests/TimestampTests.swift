import Policy
import Testing

/// Moments that hosts tell may be any number.
@Suite struct TimestampTests {
  @Test(arguments: [
    (Int64(0), "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (-86_400, "1969-12-31T00:00:00Z"),
    (-86_401, "1969-12-30T23:59:59Z"), (1_806_516_000, "2027-03-31T18:00:00Z"),
  ])
  func `a moment is shown in UTC`(seconds: Int64, text: String) {
    #expect(Timestamp(seconds: seconds).description == text)
  }

  @Test(arguments: [Int64.min, Int64.min + 1, .max]) func `no number ends the program`(seconds: Int64) {
    #expect(Timestamp(seconds: seconds).description.hasSuffix("Z"))
  }
}
