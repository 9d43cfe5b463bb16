import ChildProcess
import Foundation
import Goldens
import Testing

/// docs/agent.md lists what there is.
@Suite struct AgentPageTests {
  /// The first cells of the table below a heading.
  private static func rows(below heading: String) throws -> Set<String> {
    let page = try String(contentsOfFile: "\(Golden.root)/docs/agent.md", encoding: .utf8)
    let part = try #require(page.components(separatedBy: "\n## \(heading)\n").dropFirst().first)
    let table = try #require(part.components(separatedBy: "\n## ").first).split(separator: "\n")
    return Set(
      table.filter { $0.hasPrefix("| `") }.map { String($0.split(separator: "`")[1]) })
  }

  @Test func `the page has every request that an agent knows`() throws {
    let told = ChildProcess.run(
      ["\(ChildProcess.products)/sekisho", "agent"], input: #"{"id":1,"request":"hello"}"# + "\n")
    let answer = try #require(
      try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
    let reply = try #require(answer["reply"] as? [String: Any])
    #expect(try Self.rows(below: "Requests") == Set(try #require(reply["requests"] as? [String])))
    #expect(reply["protocol"] as? Int == 2)
  }

  @Test func `the page has every code of a failure`() throws {
    let source = try String(
      contentsOfFile: "\(Golden.root)/Sources/AgentProtocol/AgentFailure.swift", encoding: .utf8)
    let start = try #require(source.range(of: "enum Code"))
    let end = try #require(source.range(of: "enum Happened"))
    let codes = source[start.upperBound..<end.lowerBound].split(separator: "\n").compactMap {
      line -> String? in
      let words = line.split(separator: " ")
      guard words.first == "case" else { return nil }
      return words.count == 2 ? String(words[1]) : words.last?.replacingOccurrences(of: "\"", with: "")
    }
    #expect(try Self.rows(below: "Failures") == Set(codes))
  }
}
