/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>

#include "scenario/search/exhaustive.h"

#define OPTIONS "\"options\": [\"--cycle-timeout=1800\", \"--probe-interval=300\"], \"timeline\": []"

const char *const exhaustive_systems[] = {
    "{ \"version\": 1, \"description\": \"two targets, a service with state\","
    "  \"targets\": { \"test1\": {}, \"test2\": {} }, \"services\": { \"db\": { \"state\": true } }, " OPTIONS
    " }",
    "{ \"version\": 1, \"description\": \"two targets, two services with state\","
    "  \"targets\": { \"test1\": {}, \"test2\": {} },"
    "  \"services\": { \"db\": { \"state\": true }, \"queue\": { \"state\": true } },"
    "  \"distribution\": { \"queue\": { \"on\": [\"test2\", \"test1\"] } }, " OPTIONS " }",
    "{ \"version\": 1, \"description\": \"three targets, a database with two homes\","
    "  \"targets\": { \"test1\": {}, \"test2\": {}, \"test3\": {} },"
    "  \"services\": { \"db\": { \"type\": \"database\" } },"
    "  \"distribution\": { \"db\": { \"copies\": 2 } }, " OPTIONS " }",
    "{ \"version\": 1, \"description\": \"three targets, state in a container that is provided, and who depends on it\","
    "  \"targets\": { \"test1\": {}, \"test2\": {}, \"test3\": {} },"
    "  \"services\": { \"db\": { \"type\": \"inner\", \"state\": true }, \"host\": { \"provides\": \"inner\" },"
    "    \"web\": { \"dependsOn\": [\"db\"] } },"
    "  \"distribution\": { \"web\": { \"on\": [\"test2\", \"test3\", \"test1\"] } }, " OPTIONS " }",
    NULL
};
