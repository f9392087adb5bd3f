/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Journals as pages: what is in them, and that it is nothing but data.
 */
#include "tests/unit/unit.h"

#include <libxml/HTMLparser.h>
#include <libxml/xpath.h>
#include <string.h>

#include "lib/base/strings.h"
#include "lib/world/operations.h"
#include "scenario/report/report.h"

static char *root, *journal, *html;

struct page {
    char *text;
    size_t length;
    xmlDocPtr doc;
    xmlXPathContextPtr context;
};

/* It has to be well-formed as XML too: then any two readers read the same. */
static void page_read(struct page *page)
{
    assert_int_equal(operations->read(html, (size_t)256 << 20, &page->text, &page->length), 0);
    page->doc = xmlReadMemory(page->text, (int)page->length, "page", NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    assert_non_null(page->doc);
    page->context = xmlXPathNewContext(page->doc);
}

static struct page page_of(const char *lines)
{
    struct page page;
    assert_int_equal(operations->write(journal, lines, strlen(lines), 0600), 0);
    assert_int_equal(report_write(journal, html), 0);
    page_read(&page);
    return page;
}

static struct page page_of_file(const char *name)
{
    struct page page;
    char *file = string_format("%s/tests/journals/%s", getenv("srcdir") ? getenv("srcdir") : "..", name);
    assert_int_equal(report_write(file, html), 0);
    free(file);
    page_read(&page);
    return page;
}

static void page_clear(struct page *page)
{
    xmlXPathFreeContext(page->context);
    xmlFreeDoc(page->doc);
    free(page->text);
}

static int count(const struct page *page, const char *path)
{
    xmlXPathObjectPtr found = xmlXPathEvalExpression((const xmlChar *)path, page->context);
    assert_non_null(found);
    int number = found->nodesetval ? found->nodesetval->nodeNr : 0;
    xmlXPathFreeObject(found);
    return number;
}

static void expect(const struct page *page, const char *path, int number)
{
    if (count(page, path) != number)
        fail_msg("%d of %s, not %d", count(page, path), path, number);
}

/* Items by what they are called. */
static void expect_item(const struct page *page, const char *class, const char *title, int number)
{
    char *path = string_format("//*[contains(concat(' ', @class, ' '), ' %s ')]/title[contains(., '%s')]",
                               class, title);
    expect(page, path, number);
    free(path);
}

static double number_of(const struct page *page, const char *path)
{
    xmlXPathObjectPtr found = xmlXPathEvalExpression((const xmlChar *)path, page->context);
    double number = xmlXPathCastToNumber(found);
    xmlXPathFreeObject(found);
    return number;
}

/* ---- what is in it ----------------------------------------------------------------------------------- */

static void a_system_that_healed(void **state)
{
    struct page page = page_of_file("healed.jsonl");
    (void)state;
    expect(&page, "//a[@data-cycle]", 4);
    expect_item(&page, "cycle", "Cycle 2, done after 772 ms", 1);
    expect_item(&page, "bar", "database in process on test2, with state", 1);
    expect_item(&page, "bar", "database in process on test1, with state", 1);
    expect_item(&page, "bar", "api in process on test1", 2);
    expect_item(&page, "bar", "web in process on test3, with state", 0);
    expect_item(&page, "move", "The state of database-1 in process moves\nfrom test2 to test1", 1);
    expect(&page, "//g[@class='item move']", 1);
    expect_item(&page, "away", "test2 is away", 1);
    expect_item(&page, "rescued", "superseded: database-1 in process: moved to target test1 while", 1);
    expect_item(&page, "came", "test4", 1);
    expect(&page, "//details[starts-with(@class, 'cycle')]", 4);
    expect(&page, "//li[b='fenced' and contains(., 'database-1 in process on test2, home test1')]", 1);
    page_clear(&page);
}

/* The old home's bar ends where its machine goes, before the new one's begins. */
static void bars_lie_where_they_belong(void **state)
{
    struct page page = page_of_file("healed.jsonl");
    const char *old = "number(//g[title[contains(., 'database in process on test2')]]/rect/@x)"
                      " + number(//g[title[contains(., 'database in process on test2')]]/rect/@width)";
    const char *new = "number(//g[title[contains(., 'database in process on test1')]]/rect/@x)";
    const char *away = "number(//g[title[contains(., 'test2 is away')]]/rect/@x)";
    (void)state;
    assert_true(number_of(&page, old) <= number_of(&page, away) + 0.6);
    assert_true(number_of(&page, old) < number_of(&page, new));
    page_clear(&page);
}

static void what_ran_counts_more_than_manifests(void **state)
{
    struct page page = page_of_file("scenario.jsonl");
    (void)state;
    expect_item(&page, "event", "test2\ncrash: test2 loses its power", 1);
    expect_item(&page, "event", "coordinator\nlose-coordinator: the coordinator loses", 1);
    expect_item(&page, "asked", "an operator said prefer", 1);
    expect_item(&page, "bar", "holds: first, second", 4); /* once in each strip */
    expect_item(&page, "held", "test3 is held", 2);
    expect_item(&page, "conflict", "nobody can tell", 1);
    expect_item(&page, "cycle", "Cycle 2, failed in redeploy", 1);
    expect_item(&page, "cycle", "Cycle 9, not ended", 1);
    expect_item(&page, "cycle", "failed in capture by signal 11", 1);
    expect(&page, "//div[@class='bad']/dd[.='2']", 1);
    page_clear(&page);
}

#define AT "{\"version\":1,\"time\":\"2026-01-31T12:00:00Z\",\"kind\":"
#define MAPPING "{\"name\":\"web\",\"service\":\"k\",\"container\":\"c\",\"target\":\"a\"}"

static void a_journal_without_its_beginning(void **state)
{
    struct page page =
        page_of(AT "\"stage\",\"cycle\":101,\"stage\":\"redeploy\",\"outcome\":\"done\",\"milliseconds\":5,"
                   "\"report\":{\"difference\":"
                   "{\"mappings\":{\"removed\":[" MAPPING
                   "],\"added\":[]}},\"running\":{\"b\":[{\"service\":\"api\",\"container\":\"c\","
                   "\"key\":\"l\",\"component\":\"api-2\"}]}}}\n" AT
                   "\"cycle_ended\",\"cycle\":101,\"outcome\":\"done\",\"milliseconds\":9}\n");
    (void)state;
    expect_item(&page, "cycle", "Cycle 101, done", 1);
    expect_item(&page, "bar", "web in c on a\nsince before this journal begins to 2026-01-31 12:00:00", 1);
    expect_item(&page, "bar", "api in c on b, with state\nsince before this journal begins, to its end", 1);
    page_clear(&page);
}

/* A deployment that failed has placed nothing. */
static void failures_place_nothing(void **state)
{
    struct page page =
        page_of(AT "\"cycle_began\"}\n" AT
                   "\"stage\",\"stage\":\"redeploy\",\"outcome\":\"failed\",\"report\":{\"difference\":"
                   "{\"mappings\":{\"removed\":[],\"added\":[" MAPPING "]}}}}\n");
    (void)state;
    expect(&page, "//g[contains(@class, 'bar')]", 0);
    expect(&page, "//g[@class='stage failed']", 1);
    page_clear(&page);
}

static void nothing_at_all(void **state)
{
    struct page page = page_of("");
    (void)state;
    expect(&page, "//p[.='Nothing has happened yet.']", 1);
    page_clear(&page);
}

/* ---- that it can be used ----------------------------------------------------------------------------- */

static void everything_has_a_name(const struct page *page)
{
    expect(page, "//*[contains(concat(' ', @class, ' '), ' item ')][not(title[normalize-space()])]", 0);
    expect(page, "//rect[ancestor::figure][not(ancestor::*[@aria-hidden or title])][not(@class='lane-back')]",
           0);
    expect(page, "//figure/svg[not(@aria-label and @role = 'group')]", 0);
    expect(page, "//g[@role='group'][not(@aria-label)]", 0);
    expect(page, "//g[contains(@class, 'item')][not(@role = 'img' and @tabindex = '0')]", 0);
    expect(page, "//*[@tabindex > 0]", 0);
    expect(page, "//svg[not(@role or @aria-hidden)]", 0);
    expect(page, "//a[starts-with(@href, '#')][not(substring(@href, 2) = //@id)]", 0);
    expect(page, "//*[@id = following::*/@id]", 0);
    expect(page, "/html[@lang='en']/head/title[normalize-space()]", 1);
    expect(page, "//h1", 1);
    expect(page, "//main | //header | //footer", 3);
}

static void it_can_be_heard_and_walked(void **state)
{
    static const char *const names[] = { "healed.jsonl", "scenario.jsonl" };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct page page = page_of_file(names[i]);
        everything_has_a_name(&page);
        assert_true(count(&page, "//*[contains(@class, 'item')]") > 10);
        page_clear(&page);
    }
}

/* Nothing of a page is loaded from anywhere. */
static void stands_alone(const struct page *page)
{
    expect(page, "//@src | //link | //iframe | //object | //embed | //img | //base | //form", 0);
    expect(page, "//@href[not(starts-with(., '#'))]", 0);
    expect(page, "//@style | //@*[starts-with(name(), 'on')]", 0);
    expect(page, "//script | //style", 2);
    expect(page,
           "//meta[@http-equiv='Content-Security-Policy'][starts-with(@content, \"default-src 'none'; \")]",
           1);
    expect(page, "//style[contains(., '@import') or contains(., '//') or contains(., 'url(h')]", 0);
}

static void it_needs_nothing_else(void **state)
{
    struct page page = page_of_file("scenario.jsonl");
    (void)state;
    stands_alone(&page);
    assert_null(strstr(page.text, "http:"));
    assert_null(strstr(page.text, "https:"));
    page_clear(&page);
}

/* ---- that it is data --------------------------------------------------------------------------------- */

#define H "H</script></title></style></pre><script>alert(1)</script><img src=x onerror=alert(1)>"
#define HOSTILE \
    H "]]>--&lt;&#60;' onfocus='alert(1)\\\" onload=\\\"alert(1)\\u202e\\u0001\\uffff\\u2028 @script@ %n%s"

static const char hostile[] =
    "{\"time\":\"" HOSTILE "\",\"kind\":\"cycle_began\"}\n" AT "\"stage\",\"stage\":\"" HOSTILE
    "\",\"outcome\":\"" HOSTILE "\",\"milliseconds\":-5,\"report\":{\"" HOSTILE "\":[\"" HOSTILE
    "\",{\"name\":\"" HOSTILE "\",\"container\":\"" HOSTILE "\",\"reason\":\"" HOSTILE "\"}]}}\n" AT
    "\"infrastructure\",\"cycle\":-3,\"changes\":{\"added\":[\"" HOSTILE "\",7],\"removed\":[\"" HOSTILE
    "2\"],\"changed\":{\"" HOSTILE "\":[\"" HOSTILE "\"]}},\"leftOut\":[\"" HOSTILE "\"]}\n" AT
    "\"stage\",\"stage\":\"reconstruct\",\"outcome\":\"done\",\"report\":{\"targets\":{\"" HOSTILE
    "\":{\"status\":\"silent\",\"reason\":\"" HOSTILE "\"}},\"superseded\":[{\"component\":\"" HOSTILE
    "\",\"container\":\"" HOSTILE "\",\"target\":\"" HOSTILE "\",\"home\":\"" HOSTILE
    "\",\"reason\":\"" HOSTILE "\"}],\"difference\":{\"snapshots\":{\"removed\":[{\"component\":\"" HOSTILE
    "\",\"container\":\"c\",\"target\":\"" HOSTILE "\"}]}}}}\n" AT
    "\"stage\",\"stage\":\"redeploy\",\"outcome\":\"done\",\"report\":{\"manifest\":\"" HOSTILE
    "\",\"difference\":{\"mappings\":{\"added\":[{"
    "\"name\":\"" HOSTILE "\",\"service\":\"" HOSTILE "\",\"container\":\"" HOSTILE "\",\"target\":\"" HOSTILE
    "\"}]},\"snapshots\":{"
    "\"added\":[{\"component\":\"" HOSTILE "\",\"container\":\"c\",\"target\":\"" HOSTILE "2\"}]}}}}\n" AT
    "\"held\",\"target\":\"" HOSTILE "\",\"reason\":\"" HOSTILE "\"}\n" AT
    "\"cycle_ended\",\"outcome\":\"" HOSTILE "\",\"stage\":\"" HOSTILE
    "\",\"signal\":-9,\"milliseconds\":99999999999999999}\n" AT "\"event\",\"event\":\"" HOSTILE
    "\",\"target\":\"" HOSTILE "\",\"words\":\"" HOSTILE "\"}\n" AT "\"asked\",\"command\":\"" HOSTILE
    "\",\"target\":\"" HOSTILE "\"}\n" AT "\"running\",\"targets\":{\"" HOSTILE "\":[{\"service\":\"" HOSTILE
    "\",\"container\":\"" HOSTILE "\",\"version\":\"" HOSTILE "\",\"state\":[\"" HOSTILE
    "\",5]},7],\"b\":7}}\n" AT "\"" HOSTILE "\"}\n";

static void texts_are_data(void **state)
{
    struct page page = page_of(hostile);
    (void)state;
    stands_alone(&page);
    everything_has_a_name(&page);
    expect(&page,
           "//title[contains(., '</script></title></style></pre><script>alert(1)</script><img src=x')]",
           count(&page, "//figure//title[contains(., 'H<')]"));
    assert_true(count(&page, "//figure//title[contains(., 'H<')]") > 10);
    assert_true(count(&page, "//li[contains(., 'onfocus=')]") > 5);
    expect(&page, "//figure//title[contains(., 'H<')][not(contains(., ']]>--&lt;&#60;'))]", 0);
    expect(&page, "//*[contains(@class, 'event')]/text[contains(., 'H<')]", 0);
    assert_null(strstr(page.text, "\xe2\x80\xae"));
    assert_null(strstr(page.text, "\xe2\x80\xa8"));
    assert_null(strchr(page.text, 1));
    page_clear(&page);
}

/* As a browser would read it, or near it. */
static void texts_are_data_in_html(void **state)
{
    struct page page = page_of(hostile);
    (void)state;
    xmlXPathFreeContext(page.context);
    xmlFreeDoc(page.doc);
    page.doc =
        htmlReadMemory(page.text, (int)page.length, "page", "utf-8", HTML_PARSE_NOERROR | HTML_PARSE_NONET);
    page.context = xmlXPathNewContext(page.doc);
    stands_alone(&page);
    expect(&page, "//*[starts-with(@class, 'item')][not(title)]", 0);
    page_clear(&page);
}

/* Any type where any other is expected. */
static void members_of_any_type(void **state)
{
    static const char *const kinds[] = { "cycle_began", "stage", "infrastructure", "held",
                                         "cycle_ended", "asked", "event",          "running" };
    static const char *const members[] = { "time",   "cycle",        "stage",   "outcome",
                                           "report", "changes",      "leftOut", "targets",
                                           "target", "milliseconds", "event",   "words" };
    static const char *const values[] = {
        "null", "-1", "1e300", "\"x\"", "[]", "[[[]],{},7]", "{}", "{\"a\":7,\"b\":[7],\"c\":{\"d\":[]}}"
    };
    char *lines = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&lines, &length);
    (void)state;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        for (size_t member = 0; member < sizeof members / sizeof *members; member++)
            for (size_t value = 0; value < sizeof values / sizeof *values; value++)
                fprintf(stream,
                        "{\"kind\":\"%s\",\"stage\":\"reconstruct\",\"outcome\":\"done\",\"%s\":%s}\n",
                        kinds[kind], members[member], values[value]);
    fclose(stream);
    struct page page = page_of(lines);
    everything_has_a_name(&page);
    page_clear(&page);
    free(lines);
}

static void write_broken(void *closure)
{
    struct page page =
        page_of(AT "\"cycle_began\"}\n{\"torn\n\n7\n" AT "\"cycle_ended\",\"outcome\":\"done\"}");
    (void)closure;
    expect_item(&page, "cycle", "A cycle, done", 1);
    page_clear(&page);
}

static void broken_lines_are_told(void **state)
{
    char *said = unit_written(STDERR_FILENO, write_broken, NULL);
    (void)state;
    assert_non_null(strstr(said, "[coordinator]: events.jsonl: line 2: not a document, skipped: "));
    assert_non_null(strstr(said, "[coordinator]: events.jsonl: line 4: not a document, skipped: "));
    assert_null(strstr(said, "line 1"));
    assert_null(strstr(said, "line 3"));
    free(said);
}

/* ---- that it stays small ----------------------------------------------------------------------------- */

/* The lines of a journal, so many times over. */
static char *repeated(const char *name, int times)
{
    char *file = string_format("%s/tests/journals/%s", getenv("srcdir") ? getenv("srcdir") : "..", name);
    char *text = NULL, *many = NULL;
    size_t length = 0, all = 0;
    assert_int_equal(operations->read(file, 1 << 20, &text, &length), 0);
    FILE *stream = open_memstream(&many, &all);
    for (int i = 0; i < times; i++)
        fwrite(text, 1, length, stream);
    fclose(stream);
    free(text);
    free(file);
    return many;
}

static void ten_thousand_cycles(void **state)
{
    char *lines = repeated("healed.jsonl", 2500);
    struct page page = page_of(lines);
    (void)state;
    assert_in_range(page.length, 1 << 20, 12 << 20);
    expect(&page, "//a[@data-cycle]", REPORT_CYCLES);
    expect(&page, "//p[contains(., 'The first 9500 cycles are not shown.')]", 1);
    expect(&page, "//dd[.='10000']", 1);
    page_clear(&page);
    free(lines);
}

static char *large_network(int targets, int services)
{
    char *lines = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&lines, &length);
    fputs(AT "\"running\",\"targets\":{", stream);
    for (int i = 0; i < targets; i++) {
        fprintf(stream, "%s\"t%d\":[", i ? "," : "", i);
        for (int j = 0; j < services; j++)
            fprintf(stream, "%s{\"service\":\"s%d\",\"container\":\"c\",\"version\":\"1\"}", j ? "," : "", j);
        fputs("]", stream);
    }
    fputs("}}\n", stream);
    for (int i = 0; i < 100; i++)
        fprintf(stream, AT "\"event\",\"event\":\"write\",\"target\":\"t%d\"}\n", targets - 1);
    fclose(stream);
    return lines;
}

static void a_thousand_targets(void **state)
{
    char *lines = large_network(1000, 100);
    struct page page = page_of(lines);
    (void)state;
    assert_in_range(page.length, 1 << 16, 4 << 20);
    expect(&page, "(//figure)[2]//g[@class='lane']", 1);
    expect(&page, "(//figure)[2]//g[@aria-label='Target t999']//g[contains(@class, 'bar')]", 12);
    expect(&page, "(//figure)[2]//text[.='and 88 services more']", 1);
    expect(&page, "(//figure)[2]//text[.='and 999 targets more, where nothing happens']", 1);
    expect(&page, "(//figure)[last()]//g[@class='lane']", 24);
    page_clear(&page);
    free(lines);
}

static int set_up(void **state)
{
    (void)state;
    operations_use(&real_operations);
    if (operations->temporary_directory("dydisnix unit", &root) != 0)
        return -1;
    journal = string_format("%s/events.jsonl", root);
    html = string_format("%s/page.html", root);
    return 0;
}

static int tear_down(void **state)
{
    int result = operations->remove(root);
    (void)state;
    free(root);
    free(journal);
    free(html);
    return result;
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_system_that_healed),
        CASE(bars_lie_where_they_belong),
        CASE(what_ran_counts_more_than_manifests),
        CASE(a_journal_without_its_beginning),
        CASE(failures_place_nothing),
        CASE(nothing_at_all),
        CASE(it_can_be_heard_and_walked),
        CASE(it_needs_nothing_else),
        CASE(texts_are_data),
        CASE(texts_are_data_in_html),
        CASE(members_of_any_type),
        CASE(broken_lines_are_told),
        CASE(ten_thousand_cycles),
        CASE(a_thousand_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
