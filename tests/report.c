/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command report, alone.
 */
#include "report.h"

#include "operations.h"

int main(int argc, char **argv)
{
    operations_use(&real_operations);
    return scenario_report_main(argc, argv);
}
