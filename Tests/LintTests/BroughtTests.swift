import Diagnostics
import Lint
import Policy
import Testing

@Suite struct BroughtTests {
  private static let old = """
    groups: {some: [a, b]}
    flows:
      web: {from: a, to: b, service: https, why: test}
      shell: {from: office, to: b, service: ssh, why: test}
    """

  private func brought(_ new: String, from old: String = old) throws -> [String] {
    try Lint.brought(from: policy(old), to: policy(new), at: now).map { "\($0.kind.rawValue) \($0.short)" }
  }

  @Test func `a change that brings nothing shows nothing`() throws {
    #expect(try brought(Self.old) == [])
    // Everything stands elsewhere.
    #expect(try brought("# moved\n\n\n" + Self.old.replacing("web: {", with: "web:   {")) == [])
  }

  @Test func `of several hosts only the new one is shown, at its place`() throws {
    let more = "hosts: {a-0: {addresses: [10.0.0.9, \"2001:db8::9\"], zone: left, groups: [a]}}\n"
    let found = try Lint.brought(from: policy(Self.old), to: policy(more + Self.old), at: now)
    #expect(found.map(\.short) == ["left: a-0", "whole: a-0"].sorted { $0 > $1 })
    let management = try #require(found.first { $0.kind == .noManagement })
    #expect(management.location.description == "more.yaml:1:9")
    #expect(management.message == "no flow lets anyone in by tcp/22 at `a-0` in the zone `left`")
  }

  @Test func `a host that loses its management is shown`() throws {
    let new = Self.old.replacing("to: b, service: ssh", with: "to: b & !b-2, service: ssh")
    #expect(try brought(new) == ["no-management right: b-2"])
  }

  @Test func `a flow without an owner is shown once, under its name`() throws {
    let new = Self.old + "\n  more: {from: b-1, to: a, service: ssh, why: test}"
    #expect(try brought(new) == ["no-owner more"])
    #expect(try brought(Self.old, from: new) == ["no-management left: a-1 a-2 a-3"])
  }

  @Test func `a flow that becomes covered by another is shown`() throws {
    let new = Self.old + "\n  wide: {from: left, to: right, service: any-tcp, why: test, owner: me}"
    #expect(try brought(new) == ["covered web"])
  }

  @Test func `what had ended before is nothing new`() throws {
    let old = Self.old + "\n  gone: {from: b, to: a, service: https, why: test, owner: me, until: 2020-01-01}"
    #expect(try brought(old, from: old) == [])
    #expect(try brought(old) == ["expired gone"])
  }
}
