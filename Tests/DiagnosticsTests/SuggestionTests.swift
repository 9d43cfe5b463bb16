import Diagnostics
import Testing

@Suite struct SuggestionTests {
  @Test(arguments: [
    ("adresses", "addresses"), ("prot", "port"), ("ntp1", "ntp-1"), ("hsots", "hosts"), ("db", nil),
    ("addresses", nil), ("", nil), ("monitors", "monitor"),
  ])
  func `the nearest name is suggested when it is near enough`(written: String, meant: String?) {
    let names = ["hosts", "addresses", "port", "ntp-1", "monitor", "worker-node"]
    #expect(Suggestion.nearest(to: written, among: names) == meant)
  }
}
