import AgentProtocol
import Policy
import Records
import Testing

@Suite struct RenewedReaderTests {
  @Test func `a reader judges by the time, to some minutes`() throws {
    let policy = try policy(
      """
      version: 1
      services: {web: tcp/80}
      hosts: {app: {addresses: [10.0.0.1]}, base: {addresses: [10.0.0.2]}}
      flows: {f: {from: app, to: base, service: web, why: a test, until: 2030-01-01T00:00:00Z}}

      """)
    let names = policy.owners.mapValues { policy[$0].name }
    let end: Int64 = 1_893_456_000
    var renewed = RenewedReader(at: Timestamp(seconds: end - 60)) {
      RecordReader(names: names, policy: policy, now: $0)
    }
    let told = try direction(.input, [("10.0.0.1 tcp/80", 1, 0)])
    func cause(at seconds: Int64) -> String? {
      renewed.reader(at: Timestamp(seconds: seconds)).connections(told, at: "base").first?.cause?.code
    }
    #expect(cause(at: end - 1) == "allowed" && cause(at: end - 60 + RenewedReader.longest) == "ended")
    // A clock that was set back.
    #expect(cause(at: end - 120) == "allowed")
  }
}
