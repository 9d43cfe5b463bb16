internal import Diagnostics
internal import Explanation
internal import Operations
internal import Policy
internal import ProbePlan

/// What a probe has shown as JUnit XML, which most build servers read: a suite a sender, a case a connection.
struct ProbeJUnit {
  private let report: ProbeReport

  init(_ report: ProbeReport) { self.report = report }

  var text: String {
    let run = report.run
    let tally = run.tally
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    text += "<testsuites name=\"sekisho probe\" tests=\"\(run.judgements.count)\" "
    text += "failures=\"\(tally.deviating)\" errors=\"\(tally.unproven)\">\n"
    // The plan is in order of senders.
    let senders = Dictionary(grouping: run.judgements.indices) { run.plan.probes[$0].from }
    for (sender, indices) in senders.sorted(by: { $0.key < $1.key }) { text += suite(sender, indices) }
    return text + "</testsuites>\n"
  }

  private func suite(_ sender: Int, _ indices: [Int]) -> String {
    let judgements = indices.map { report.run.judgements[$0] }
    let failures = judgements.count { !$0.deviations.isEmpty }
    let errors = judgements.count { $0.deviations.isEmpty && $0.obstacle != nil }
    // Without the zone: the schema's timestamp has none, and means UTC.
    let moment = String(report.began.description.dropLast())
    var text = "  <testsuite name=\"\(escaped(report.words.name(sender)))\" tests=\"\(indices.count)\" "
    text += "failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"0\" timestamp=\"\(moment)\">\n"
    text += "    <properties>\n      <property name=\"seed\" value=\"\(report.run.plan.seed)\"/>\n"
    text += "      <property name=\"inventory\" value=\"\(report.digest)\"/>\n    </properties>\n"
    for index in indices { text += testCase(index) }
    return text + "  </testsuite>\n"
  }

  private func testCase(_ index: Int) -> String {
    let words = report.words
    let judgement = report.run.judgements[index]
    let probe = report.run.plan.probes[index]
    let explanation = report.run.explanations[index]
    let verdict = explanation.passes ? "open" : "denied"
    let name = "\(ExplanationReport.describe(probe.connection)) is \(verdict)"
    let pair = "\(words.name(probe.from)).\(words.name(probe.to))"
    var text = "    <testcase classname=\"\(escaped(pair))\" name=\"\(escaped(name))\""
    if !judgement.deviations.isEmpty {
      let sentences = judgement.deviations.indices.map { number in
        let place = ProbeRun.Place(probe: index, deviation: number)
        return words.sentence(place) + (words.cause(place).map { "; \($0.sentence)" } ?? "")
      }
      text += ">\n      <failure type=\"deviation\" message=\"\(escaped(sentences[0]))\">"
      text += "\(escaped(sentences.joined(separator: "\n")))</failure>\n    </testcase>\n"
    } else if let obstacle = judgement.obstacle {
      text += ">\n      <error type=\"unproven\" message=\"\(escaped(obstacle))\"/>\n    </testcase>\n"
    } else {
      text += "/>\n"
    }
    return text
  }

  /// Nothing that ends an attribute or an element, and no control character, which XML 1.0 cannot hold.
  private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n": result += "&#10;"
      default: result += SafeText.escaped(String(scalar)) == String(scalar) ? String(scalar) : "?"
      }
    }
    return result
  }
}
