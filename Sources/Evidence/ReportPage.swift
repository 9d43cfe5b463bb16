internal import Digest

/// A report as one page that needs nothing else: no request leaves it, and it can be read without its script.
package struct ReportPage {
  private let report: Report

  package init(_ report: Report) { self.report = report }

  package var html: String {
    var out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    // What a mistake in escaping would let in cannot run, and nothing can be fetched or sent.
    out +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(Self.scriptDigest)'; base-uri 'none'; form-action 'none'\">\n"
    out += "<meta name=\"color-scheme\" content=\"light dark\">\n"
    out +=
      "<title>\(HTMLText.escaped(report.title))</title>\n<style>\(ReportStyle.css)</style>\n</head>\n<body>\n"
    out += "<a class=\"skip\" href=\"#content\">To the content</a>\n"
    out += "<header><h1>\(HTMLText.escaped(report.title))</h1>\n<dl>"
    for fact in report.identity {
      out +=
        "<div><dt>\(HTMLText.escaped(fact.name))</dt><dd\(Self.isDigest(fact.value) ? " class=\"digest\"" : "")>"
      out += "\(HTMLText.escaped(fact.value))</dd></div>"
    }
    out += "</dl></header>\n<nav aria-label=\"Chapters\"><ol>"
    for chapter in report.chapters {
      out += "<li><a href=\"#\(chapter.id)\">\(HTMLText.escaped(chapter.title))</a></li>"
    }
    out += "</ol></nav>\n<main id=\"content\" tabindex=\"-1\">\n"
    for chapter in report.chapters { out += section(chapter) }
    out += "</main>\n<footer><p>Written by sekisho. It needs no network, and sends nothing.</p></footer>\n"
    if let picture = report.picture {
      out +=
        "<script type=\"application/json\" id=\"picture-data\">\(Self.json(picture))</script>\n"
    }
    return out + "<script>\(ReportScript.text)</script>\n</body>\n</html>\n"
  }

  private func section(_ chapter: ReportChapter) -> String {
    let id = chapter.id
    var out = "<section id=\"\(id)\" aria-labelledby=\"\(id)-title\">\n"
    out += "<h2 id=\"\(id)-title\">\(HTMLText.escaped(chapter.title))</h2>\n"
    for sentence in chapter.lead { out += "<p>\(HTMLText.escaped(sentence))</p>\n" }
    if id == ReportChapter.pictureID, let picture = report.picture { out += drawing(picture) }
    for (number, table) in chapter.tables.enumerated() { out += TablePage(table, id: "\(id)-\(number)").html }
    return out + "</section>\n"
  }

  /// SHA-256 or a commit of git.
  private static func isDigest(_ text: String) -> Bool {
    text.utf8.count >= 40 && text.allSatisfy(\.isHexDigit)
  }

  // MARK: Picture

  private func drawing(_ picture: ReportPicture) -> String {
    var out = "<div class=\"search\" hidden><label for=\"picture-search\">Find boxes and arrows</label>"
    out += "<input id=\"picture-search\" type=\"search\" autocomplete=\"off\">"
    out += "<button type=\"button\" id=\"picture-clear\">Show all</button></div>\n"
    out += "<p id=\"picture-told\" role=\"status\" hidden></p>\n"
    let drawn = PictureSVG(picture)
    out += "<div class=\"wide drawing\" style=\"--width:\(drawn.width)\" role=\"region\" "
    out += "aria-label=\"Picture of the policy\" tabindex=\"0\">"
    return out + drawn.text + "</div>\n"
      + "<p class=\"legend\"><span class=\"key hosts\"></span> \(picture.isByZone ? "hosts of a zone" : "hosts with the same role") <span class=\"key crown\"></span> crown jewel "
      + "<span class=\"key selection\"></span> several of them, and who <span class=\"key network\"></span> outside the inventory. "
      + "An arrow: may ask. Names of services and flows are shown on arrows under the pointer.</p>\n"
  }

  /// Numbers alone: names are in the drawing.
  private static func json(_ picture: ReportPicture) -> String {
    let reached = picture.reached.map { reached -> String in
      guard let reached else { return "null" }
      let hops = reached.hops.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
      return
        "{\"hops\":{\(hops.joined(separator: ","))},\"counts\":[\(reached.counts.map { "\($0)" }.joined(separator: ","))],\"crowns\":\(reached.crowns)}"
    }
    let arrows = picture.arrows.map { "[\($0.from),\($0.to)]" }
    let sizes = picture.boxes.map { "\($0.hosts)" }
    let parts = picture.boxes.map { box in "[\(box.parts.map { "\($0)" }.joined(separator: ","))]" }
    return
      "{\"hosts\":\(picture.hosts),\"sizes\":[\(sizes.joined(separator: ","))],\"parts\":[\(parts.joined(separator: ","))],\"arrows\":[\(arrows.joined(separator: ","))],\"reached\":[\(reached.joined(separator: ","))]}"
  }

  // MARK: Digest

  /// SHA-256 of the script in base64, by which a browser knows the one script that may run (CSP 3, 6.7.2).
  static let scriptDigest = base64(hex: SHA256.hex(ReportScript.text))

  private static func base64(hex: String) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bits = hex.compactMap(\.hexDigitValue).flatMap { digit in (0..<4).map { digit >> (3 - $0) & 1 } }
    var out = ""
    for start in stride(from: 0, to: bits.count, by: 6) {
      let value = (0..<6).reduce(0) { $0 << 1 | (start + $1 < bits.count ? bits[start + $1] : 0) }
      out.append(digits[value])
    }
    return out + String(repeating: "=", count: (4 - out.count % 4) % 4)
  }
}

extension SHA256 {
  fileprivate static func hex(_ text: String) -> String {
    var hash = SHA256()
    hash.update(Array(text.utf8))
    return hash.finish()
  }
}

extension ReportChapter {
  /// The chapter that the picture stands in.
  package static let pictureID = "picture"
}
